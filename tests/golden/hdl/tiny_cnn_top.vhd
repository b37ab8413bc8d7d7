--------------------------------------------------------------------------------
-- tiny_cnn_top: the network tiny_cnn behind two AXI4-Streams
--
-- Written by dnn2fpga VERSION from the model "tiny_cnn"
--   sha256 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
--
-- aclk, aresetn   clock; synchronous reset, active low
-- s_axis          images: 36 beat(s) each, a beat is 1 value; s_axis_tlast goes with
--                 the last beat of an image, and a simulation stops when it does not.
--                 Fields: 8 bits, two's complement;
--                 -127 to 127, real value = 0.00787401575 * (sample - 0)
-- m_axis          results: 1 beat(s) for each image, a beat is all 3 values; m_axis_tlast
--                 goes with the last one.
--                 Fields: 8 bits, two's complement;
--                 -127 to 127, real value = 0.0157480315 * (sample - 0)
-- class           index of the highest output, see tiny_cnn_core; not part of a stream
--
-- Sample i of a beat is field i, the first one in the lowest bits. A beat passes at a clock edge
-- with tvalid and tready both high; tvalid does not wait for tready, and stays, with tdata and
-- tlast, until then. There are no other signals: every byte counts, and there is one stream.
--------------------------------------------------------------------------------
library ieee;
use ieee.std_logic_1164.all;
use work.dnn_fixed_pkg.all;
use work.dnn_axis_pkg.all;

entity tiny_cnn_top is
    generic (
        -- Simulation only, see tiny_cnn_core:
        TAPS     : boolean := false;
        PEAKS    : boolean := false;
        PATIENCE : natural := 0
    );
    port (
        aclk          : in  std_logic;
        aresetn       : in  std_logic;
        s_axis_tvalid : in  std_logic;
        s_axis_tready : out std_logic;
        s_axis_tdata  : in  std_logic_vector(7 downto 0);
        s_axis_tlast  : in  std_logic;
        m_axis_tvalid : out std_logic;
        m_axis_tready : in  std_logic;
        m_axis_tdata  : out std_logic_vector(23 downto 0);
        m_axis_tlast  : out std_logic;
        class_valid   : out std_logic;
        class_index   : out std_logic_vector(15 downto 0)
    );
end entity;

architecture structure of tiny_cnn_top is

    signal rst      : std_logic;
    signal in_data  : sample_vector(0 to 0);
    signal out_data : sample_vector(0 to 2);
    signal index    : sample_vector(0 to 0);

begin

    rst          <= not aresetn;
    in_data      <= to_samples(s_axis_tdata, 1, true);
    m_axis_tdata <= to_fields(out_data, 1);
    class_index  <= to_fields(index, 2);

    core : entity work.tiny_cnn_core
        generic map (
            TAPS     => TAPS,
            PEAKS    => PEAKS,
            PATIENCE => PATIENCE
        )
        port map (
            clk         => aclk,
            rst         => rst,
            in_valid    => s_axis_tvalid,
            in_ready    => s_axis_tready,
            in_data     => in_data,
            in_last     => s_axis_tlast,
            out_valid   => m_axis_tvalid,
            out_ready   => m_axis_tready,
            out_data    => out_data,
            out_last    => m_axis_tlast,
            class_valid => class_valid,
            class_index => index(0)
        );

end architecture;
