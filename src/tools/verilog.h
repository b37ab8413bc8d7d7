/* verilog.h: what GHDL 2.0 writes with --synth --out=verilog, mended, or refused.
 *
 * Some of it means something else than the VHDL did, silently:
 *
 *     "1010..."                 a constant above 32 bits as a text: 8 bits for each character.
 *                               Mended: 40'b1010..., in parts {8192'b..., 8192'b..., ...} where
 *                               Icarus Verilog would find the word too long
 *     a / b; // sdiv            signed products, quotients and remainders without a sign.
 *     a % b; // srem            Mended: $signed(a) / $signed(b)
 *     $signed(a) >> n           an arithmetic shift that fills with zeros. Mended: >>>
 *     a % b; // smod            the sign follows the divisor: Verilog has no such operator. Refused
 *     n4 = 1'b0; // posedge     a clock that became constant while registers hang on it: they are
 *                               lost. Refused
 *     case (n9) 2'b10: 2'b01:   a choice without its `default`, which is never written: what `when
 *                               others` said is lost, and where the VHDL names all choices that
 *                               occur, synthesis makes latches. Refused, unless it has them all
 *     48'b1010                  fewer digits than the width, above 32 bits: cut off. Refused
 *
 *     Buffer netlist = {0};
 *     TRY(verilog_mend(text, &netlist));
 */
#ifndef TOOLS_VERILOG_H
#define TOOLS_VERILOG_H

#include "base/buffer.h"
#include "base/error.h"

/* Appends the mended netlist. ERR_INTERNAL, with module and line, for what cannot be mended: the
 * VHDL is ours. */
Status verilog_mend(const char *text, Buffer *into) MUST_CHECK;

/* The same from one file into another. */
Status verilog_mend_file(const char *raw, const char *mended) MUST_CHECK;

#endif
