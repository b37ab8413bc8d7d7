/* serial.h: bytes over a serial line: a port of this machine, or a pseudo-terminal whose other end
 * a simulator opens.
 *
 *     Serial serial;
 *     TRY(serial_open("/dev/ttyUSB1", 115200, &serial));
 *     TRY(serial_write(&serial, image, sizeof image));
 *     TRY(serial_read(&serial, answer, sizeof answer, 2.0));
 *     serial_close(&serial);
 *
 * The line is raw: 8 data bits, no parity, 1 stop bit, no flow control, no translation. Every
 * function ends with ERR_CANCELLED when cancel.h asks for it.
 */
#ifndef TOOLS_SERIAL_H
#define TOOLS_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { SERIAL_PATH_BYTES = 256 };

typedef struct Serial {
    int fd;                       /* -1: closed */
    int other_fd;                 /* pseudo-terminal: keeps its other end alive; else -1 */
    char path[SERIAL_PATH_BYTES]; /* of the port, or of the end that the simulator opens */
} Serial;

/* True for the rates that serial_open() takes: 9600 to 921600. */
bool serial_knows_rate(int baud);

/* ERR_ENVIRONMENT: no such port, no permission, or not a serial port; ERR_USAGE: the rate. */
Status serial_open(const char *path, int baud, Serial *serial) MUST_CHECK;

/* A pseudo-terminal; `path` is what the other side opens. */
Status serial_open_pair(Serial *serial) MUST_CHECK;

/* All of it. */
Status serial_write(Serial *serial, const void *bytes, size_t count) MUST_CHECK;

/* Exactly `count` bytes. ERR_ENVIRONMENT when nothing comes for `patience_s` seconds, or the other
 * side is gone; `*got` (may be NULL) says how many came. */
Status serial_read(Serial *serial, void *bytes, size_t count, double patience_s,
                   size_t *got) MUST_CHECK;

/* Drops what has come and was not read. */
void serial_drop_input(Serial *serial);

/* Closed already, or never opened but zeroed with fd -1: nothing happens. */
void serial_close(Serial *serial);

#endif
