/* engine.h: the engine process: the hidden verb `engine` of the same program.
 *
 * Commands come on standard input, events leave on standard output (protocol.h). The run works on a
 * thread of its own, the libuv loop on the main one. One engine does one run and ends.
 *
 * The end of its input, or a reader that is gone, never stops a run: it goes on in silence to its
 * end; the history has it all. Without a run they end the engine. SIGTERM, SIGINT and the command
 * "cancel" cancel the run.
 */
#ifndef FLOW_ENGINE_H
#define FLOW_ENGINE_H

/* Returns the exit status: that of the run, or 0 when there was none. */
int engine_main(void);

#endif
