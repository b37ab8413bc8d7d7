/* mutant_lines.inc.h: faults that are made by changing a line of the VHDL; part of mutants.c. A test
 * demands that each `from` is in the library, so that a rewritten line is not forgotten here. The last column says when a
 * proof cannot see the fault. */
static const LineFault LINE_FAULTS[] = {
    {MUTANT_ROUNDING, "dnn_fixed_pkg.vhd", "+ POWER(shift - 17) + OFFSET",
     "+ POWER(shift - 17) - 1 + OFFSET", "rounds long shifts by one less than half", shifts_long,
     "no value of these images lies right at a half"},
    {MUTANT_ROUNDING, "dnn_fixed_pkg.vhd", "+ POWER(shift - 1), shift",
     "+ POWER(shift - 1) - 1, shift", "rounds short shifts by one less than half", shifts_short,
     "no value of these images lies right at a half"},
    {MUTANT_ROUNDING, "dnn_fixed_pkg.vhd", "return sample_t(shifted);",
     "return sample_t(minimum(shifted, high - 1));", "clamps one too low", NULL,
     "no value of these images reaches the high end of its range"},
    {MUTANT_WINDOW, "sliding_window.vhd", "columns_to_go := KERNEL_WIDTH - 1;",
     "columns_to_go := maximum(KERNEL_WIDTH - 2, 0);", "completes windows a column early", NULL,
     NULL},
    {MUTANT_WINDOW, "sliding_window.vhd", "column := memory(place.x);", "column := memory(here);",
     "reads the line memory at the column before", NULL, NULL},
    {MUTANT_HANDSHAKE, "register_stage.vhd", "slave_full := true;", "slave_full := false;",
     "loses a beat in a stall", NULL, "no layer of this design makes the one before it wait"},
    {MUTANT_HANDSHAKE, "stream_fork.vhd", "taken <= taken or out_ready", "taken <= out_ready",
     "gives a reader the same beat twice", NULL, "no reader waits for another"},
    {MUTANT_BUFFER, "stream_fifo.vhd", "waiting = DEPTH - 1 else", "waiting = DEPTH - 2 else",
     "is full one beat early", NULL, "no buffer gets so full"},
    {MUTANT_BUFFER, "stream_fifo.vhd", "if take_newest then", "if false then",
     "overlooks the newest beat", NULL, "no buffer is read while it is filled"},
    {MUTANT_WINDOW, "max_pool_stream.vhd", "+ c) > result(c) then", "+ c) < result(c) then",
     "takes the least of a window", NULL, "all values of every window are equal"},
};
