#!/usr/bin/env bash
# library_faults.sh: the benches of the VHDL library can fail: each must find a fault planted in a
# copy of the library.
set -u
cd "$(dirname "$0")/../.."
source tests/tap.sh
source tests/hdl/library.sh

write_vectors
vectors=VECTORS=$scratch/vectors.txt

fault "rounding constant of long shifts" dnn_fixed_pkg.vhd \
    's/+ POWER(shift - 17) + OFFSET/+ POWER(shift - 17) - 1 + OFFSET/' dnn_fixed_pkg "$vectors"
fault "rounding constant of short shifts" dnn_fixed_pkg.vhd \
    's/+ POWER(shift - 1), shift/+ POWER(shift - 1) - 1, shift/' dnn_fixed_pkg "$vectors"
fault "clamp of short shifts too early" dnn_fixed_pkg.vhd \
    's/65536 then/32767 then/; s/:= 65536;/:= 32767;/' dnn_fixed_pkg "$vectors"
fault "high end of the clamp one too low" dnn_fixed_pkg.vhd \
    's/return sample_t(shifted);/return sample_t(minimum(shifted, high - 1));/' dnn_fixed_pkg "$vectors"
fault "rows of the window in the wrong order" sliding_window.vhd \
    's/column(row \* CHANNELS to row \* CHANNELS + CHANNELS - 1)/column((KERNEL_HEIGHT - 2 - row) * CHANNELS to (KERNEL_HEIGHT - 2 - row) * CHANNELS + CHANNELS - 1)/' \
    conv2d_stream PE=4 SIMD=18
fault "a window too early" sliding_window.vhd \
    's/columns_to_go := KERNEL_WIDTH - 1;/columns_to_go := KERNEL_WIDTH - 2;/' sliding_window
fault "line memory read at the wrong column" sliding_window.vhd \
    's/column := memory(place.x);/column := memory(here);/' sliding_window
fault "operands of a fold step reversed" conv2d_stream.vhd \
    's/:= samples(s);/:= samples(SIMD - 1 - s);/' conv2d_stream PE=2 SIMD=6
fault "bias forgotten in later groups" conv2d_stream.vhd \
    's/bias_row := BIAS_ROM(sum_group);/bias_row := BIAS_ROM(0);/' conv2d_stream PE=2 SIMD=6
fault "scale of the wrong group" conv2d_stream.vhd \
    's/scale_row := SCALE_ROM(scale_group);/scale_row := SCALE_ROM(0);/' conv2d_stream PE=1 SIMD=6
fault "a clock lost between windows" conv2d_stream.vhd \
    's/(not computing or step = STEPS - 1)/not computing/' conv2d_stream PE=2 SIMD=6
fault "output overwritten while stalled" conv2d_stream.vhd \
    "s/if out_ready = '1' or out_valid = '0' then/if true then/" conv2d_stream PE=4 SIMD=18 OUT_STALL=50
fault "position survives a reset" conv2d_stream.vhd \
    's/^                place       := ORIGIN;//' conv2d_stream PE=4 SIMD=18 RESTART_AFTER=77
fault "last on every window" conv2d_stream.vhd \
    "s/out_last <= '0';/out_last <= '1';/" conv2d_stream PE=4 SIMD=18
fault "channels of the wrong filters" conv2d_stream.vhd \
    's/list(f) := f \/ MULTIPLICITY/list(f) := f mod CHANNELS/' depthwise_conv2d_stream
fault "window elements of the first step for all" conv2d_stream.vhd \
    's/window((g \* SIMD + s)/window((0 * SIMD + s)/' depthwise_conv2d_stream SIMD=3
fault "sums of the wrong output group" dense_stream.vhd \
    's/scale(sums(OUTPUT_GROUPS - 1)/scale(sums(0)/' dense_stream PE=2 SIMD=2
fault "sums restarted at every beat" dense_stream.vhd \
    's/if sum_beat = 0 and sum_step = 0 then/if sum_step = 0 then/' dense_stream PE=6 SIMD=4
fault "half a unit less when results are rounded" folded_mac.vhd \
    's/OFFSET + power_of_two(PLACES - 1)/OFFSET/' \
    dense_stream PE=6 SIMD=4
fault "short shifts not made up for" folded_mac.vhd \
    's/power_of_two(17 - NORMAL(1))/1/' conv2d_stream PE=2 SIMD=6 IN_BITS=4 WEIGHT_BITS=2 OUT_BITS=8
fault "sums of a step that began before the reset" conv2d_stream.vhd \
    's/^                sum_step    := 0;//' conv2d_stream PE=2 SIMD=6 RESTART_AFTER=77
fault "a product of a wide layer dropped" folded_mac.vhd \
    's/\* x(i)(7)/* x(i)(6)/' conv2d_stream PE=4 SIMD=18
fault "four products of a wide layer added twice" folded_mac.vhd \
    's/high + fours(i)(2)/high + fours(i)(1)/' conv2d_stream PE=4 SIMD=18
fault "the last of a dozen products left out" folded_mac.vhd \
    's/minimum(i \* 12 + 11, SIMD - 1)/minimum(i * 12 + 10, SIMD - 1)/' conv2d_stream PE=2 SIMD=18
fault "sums in the tree survive a reset" conv2d_stream.vhd \
    's/^                adding      := (others => false);//' \
    conv2d_stream PE=2 SIMD=6 RESTART_AFTER=77
fault "too little taken away from packed products" packed_products_pkg.vhd \
    's/- by.unit \* added/- by.unit * (added - 1)/' dense_stream PE=6 SIMD=4 PACKED=true
fault "the upper of two packed products for both" packed_products_pkg.vhd \
    's/if upper then/if true then/' \
    conv2d_stream PE=2 SIMD=6 PACKED=true IN_BITS=4 WEIGHT_BITS=4
fault "a lane of weights dropped" folded_mac.vhd \
    's/for s in simd_index loop/for s in 0 to SIMD - 2 loop/' dense_stream PE=6 SIMD=4
fault "minimum instead of maximum" max_pool_stream.vhd \
    's/+ 2)(c) > tree(node)/+ 2)(c) < tree(node)/' max_pool_stream
fault "border wins" max_pool_stream.vhd \
    's/PAD_VALUE => IN_LOW/PAD_VALUE => IN_HIGH/' max_pool_stream PAD_TOP=1
fault "one pixel left out of the mean" average_pool_stream.vhd \
    's/for place in 0 to KERNEL_HEIGHT/for place in 1 to KERNEL_HEIGHT/' average_pool_stream
fault "a zero point left in the sum" average_pool_stream.vhd \
    's/:= (others => BIAS)/:= (others => 0)/' average_pool_stream BIAS=-400
fault "affine without bias" affine_stream.vhd 's/:= BIAS_ROW(c) +/:= /' affine_stream
fault "table one entry off" table_stream.vhd \
    's/ROM(beat(lane))/ROM((beat(lane) + 1) mod (IN_HIGH - IN_LOW + 1))/' table_stream
fault "the last of equal scores" arg_max.vhd \
    's/> value(level)(lane) then/>= value(level)(lane) then/' arg_max
fault "requantizer of another lane" requantize_stream.vhd \
    's/MULTIPLIER_ROW(lane)/MULTIPLIER_ROW(0)/' requantize_stream
fault "a beat lost in a stall" register_stage.vhd \
    's/^                slave_full := true;//' register_stage OUT_STALL=50
fault "a reader of a fork gets a beat twice" stream_fork.vhd \
    's/taken <= taken or out_ready/taken <= out_ready/' stream_fork OUT_STALL=70
fault "a fork waits for all readers at once" stream_fork.vhd \
    's/in_valid and not taken/in_valid and not taken and in_ready/' stream_fork OUT_STALL=50
fault "the newest beat overlooked" stream_fifo.vhd \
    's/if take_newest then/if false then/' stream_fifo IN_STALL=40 OUT_STALL=40
fault "a buffer one beat too small" stream_fifo.vhd \
    's/waiting = DEPTH - 1 else/waiting = DEPTH - 2 else/' stream_fifo OUT_STALL=50
fault "a peak one too low" stream_fifo.vhd \
    's/waiting + 1)/waiting)/' stream_fifo
fault "a buffer keeps its beats through a reset" stream_fifo.vhd \
    's/^                waiting    := 0;//' stream_fifo OUT_STALL=50 RESTART_AFTER=77
fault "one weight for all inputs of a sum" add_stream.vhd \
    's/integer(WEIGHT_ROW(i)) \* integer/integer(WEIGHT_ROW(0)) * integer/' add_stream
fault "channels of a sum not moved on" add_stream.vhd \
    's/:= operands(i)(PE to CHANNELS - 1)/:= operands(i)(0 to CHANNELS - PE - 1)/' add_stream
fault "a sum takes a beat from one input alone" add_stream.vhd \
    's/(others => all_valid and can_accept/(others => can_accept/' add_stream IN_STALL=50
fault "zero point of the first input for all" concat_stream.vhd \
    's/rom(channel \/ PE)(channel mod PE) := values(i)/rom(channel \/ PE)(channel mod PE) := values(0)/' \
    concat_stream
fault "scales one step late" concat_stream.vhd \
    's/SHIFT_ROM(step);/SHIFT_ROM((step + STEPS - 1) mod STEPS);/' concat_stream PE=1
fault "a border of zeros" zero_pad_stream.vhd 's/PAD_VALUE => PAD_VALUE/PAD_VALUE => 0/' \
    zero_pad_stream
fault "a border only before a pixel" zero_pad_stream.vhd \
    "s/in_valid = '1' or is_padding(place);/in_valid = '1';/" zero_pad_stream IN_STALL=50
fault "copies of a row from the wrong place" upsample_stream.vhd \
    's/word := memory(place.x);/word := memory(here);/' upsample_stream
fault "last on every copy" upsample_stream.vhd \
    's/beat_last := is_last_place/beat_last := is_last_pixel/' upsample_stream
fault "highest of all images so far" global_max_pool_stream.vhd \
    's/if is_first then/if false then/' global_max_pool_stream
fault "bias of a mean forgotten" global_average_pool_stream.vhd \
    's/:= (others => BIAS)/:= (others => 0)/' global_average_pool_stream
fault "the last pixel added at every step" global_average_pool_stream.vhd \
    's/^                    if step = 0 then/                    if true then/' \
    global_average_pool_stream
fault "channels of a mean in the wrong order" global_average_pool_stream.vhd \
    's/:= sums(PE to CHANNELS - 1)/:= sums(0 to CHANNELS - PE - 1)/' global_average_pool_stream
fault "weights go to the network as an image" uart_bridge.vhd \
    "s/image_valid   <= waiting_valid and not is_weights;/image_valid   <= waiting_valid;/" \
    uart_bridge WEIGHTS=7
fault "the checksum of weights in another order" uart_bridge.vhd \
    's/if octet = i then/if octet = 3 - i then/' uart_bridge WEIGHTS=7
fault "the first byte of an image is taken for its mark" uart_bridge.vhd \
    "s/announced  <= '1';/announced  <= '0';/" uart_bridge WEIGHTS=7
fault "a load does not wait for the images under way" weight_loader.vhd \
    's/if inside > 0 then/if place_in > 0 then/' weight_loader OUT_STALL=95
fault "images begin while a load waits" weight_loader.vhd \
    "s/(state = LEAVING and mid_in = '1')/state = LEAVING/" weight_loader
fault "a short load counts" weight_loader.vhd \
    "s/elsif s_weights_tlast = '1' then/elsif false then/" weight_loader
fault "what is behind a long load begins another" weight_loader.vhd \
    's/state         <= FAULTY;/state         <= EMPTY;/' weight_loader
fault "a checksum that knows no order" weight_loader.vhd \
    's/high := high + low;/high := high + 1;/' weight_loader
fault "a checksum of before is shown while the next is taken" weight_loader.vhd \
    "s/^                    weights_sum_valid <= '0';//" weight_loader
fault "a check keeps the sum of before" weight_loader.vhd \
    's/low   := to_unsigned(1, 16);/null;/' weight_loader
fault "half a load counts after a reset" weight_memory.vhd \
    's/^                number  := 0;//' weight_loader
fault "the last row of weights is not written" weight_memory.vhd \
    's/            if full then/            if full and number < ROWS - 1 then/' weight_loader
fault "both bytes of a weight the low one" weight_memory.vhd \
    's/word := signed(byte_data) & signed(low_byte);/word := signed(low_byte) \& signed(low_byte);/' \
    weight_loader
fault "a memory that answers one row late" weight_memory.vhd \
    's/read := memory(address);/read := memory((address + 1) mod ROWS);/' weight_loader
tap_done
