#include "tools/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/cancel.h"
#include "base/clock.h"

enum { LOOK_MS = 50 }; /* how often a wait looks whether it is cancelled */

typedef struct Rate {
    int baud;
    speed_t code;
} Rate;

static const Rate RATES[] = {{9600, B9600},     {19200, B19200},   {38400, B38400},
                             {57600, B57600},   {115200, B115200}, {230400, B230400},
                             {460800, B460800}, {921600, B921600}, {0, B0}};

static const Rate *find_rate(int baud)
{
    const Rate *rate = RATES;
    while (rate->baud && rate->baud != baud)
        rate++;
    return rate;
}

bool serial_knows_rate(int baud)
{
    return find_rate(baud)->baud != 0;
}

/* ---- opening --------------------------------------------------------------------------------- */

static Status failed(const Serial *serial, const char *doing)
{
    return error_set(ERR_ENVIRONMENT, "port %s: cannot %s: %s", serial->path, doing,
                     strerror(errno));
}

/* 8N1, no flow control, reads that give what is there. */
static Status make_raw(const Serial *serial, int fd, speed_t code)
{
    struct termios settings;
    if (tcgetattr(fd, &settings) != 0)
        return error_set(ERR_ENVIRONMENT, "port %s: is not a serial port", serial->path);
    cfmakeraw(&settings);
    settings.c_cflag |= CLOCAL | CREAD;
    settings.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS | HUPCL);
    settings.c_cc[VMIN] = 1; /* else a simulator takes silence for the end of the file */
    settings.c_cc[VTIME] = 0;
    if (code != B0 && (cfsetispeed(&settings, code) != 0 || cfsetospeed(&settings, code) != 0))
        return failed(serial, "set the rate");
    if (tcsetattr(fd, TCSANOW, &settings) != 0)
        return failed(serial, "set it up");
    return OK;
}

Status serial_open(const char *path, int baud, Serial *serial)
{
    *serial = (Serial){.fd = -1, .other_fd = -1};
    snprintf(serial->path, sizeof serial->path, "%s", path);
    if (!serial_knows_rate(baud))
        return error_set(ERR_USAGE,
                         "%d baud: expected 9600, 19200, 38400, 57600, 115200, 230400, "
                         "460800 or 921600",
                         baud);
    serial->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (serial->fd < 0 && errno == EACCES)
        return error_set(ERR_ENVIRONMENT,
                         "port %s: no permission: add yourself to the group dialout, log in again",
                         path);
    if (serial->fd < 0)
        return failed(serial, "open it");
    Status status = make_raw(serial, serial->fd, find_rate(baud)->code);
    if (status != OK)
        serial_close(serial);
    else
        serial_drop_input(serial);
    return status;
}

static Status open_other_end(Serial *serial)
{
    if (grantpt(serial->fd) != 0 || unlockpt(serial->fd) != 0 ||
        ptsname_r(serial->fd, serial->path, sizeof serial->path) != 0)
        return failed(serial, "make a pseudo-terminal");
    serial->other_fd = open(serial->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (serial->other_fd < 0)
        return failed(serial, "open it");
    return make_raw(serial, serial->other_fd, B0);
}

Status serial_open_pair(Serial *serial)
{
    *serial = (Serial){.fd = -1, .other_fd = -1, .path = "/dev/ptmx"};
    serial->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (serial->fd < 0)
        return failed(serial, "make a pseudo-terminal");
    Status status = open_other_end(serial);
    if (status == OK && fcntl(serial->fd, F_SETFL, O_NONBLOCK) != 0)
        status = failed(serial, "set it up");
    if (status != OK)
        serial_close(serial);
    return status;
}

void serial_close(Serial *serial)
{
    if (serial->fd >= 0)
        close(serial->fd);
    if (serial->other_fd >= 0)
        close(serial->other_fd);
    serial->fd = serial->other_fd = -1;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* True when the line is ready for `events`; false after LOOK_MS. */
static Status wait_for(const Serial *serial, short events, bool *ready)
{
    struct pollfd polled = {.fd = serial->fd, .events = events};
    *ready = false;
    TRY(cancel_check());
    int count = poll(&polled, 1, LOOK_MS);
    if (count < 0 && errno != EINTR)
        return failed(serial, "wait for it");
    *ready = count > 0;
    return OK;
}

Status serial_write(Serial *serial, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count > 0) {
        bool ready;
        TRY(wait_for(serial, POLLOUT, &ready));
        ssize_t done = ready ? write(serial->fd, at, count) : 0;
        if (done < 0 && errno != EAGAIN && errno != EINTR)
            return failed(serial, "write to it");
        if (done > 0) {
            at += done;
            count -= (size_t)done;
        }
    }
    return OK;
}

Status serial_read(Serial *serial, void *bytes, size_t count, double patience_s, size_t *got)
{
    size_t have = 0;
    int64_t since = clock_monotonic_ns();
    Status status = OK;
    while (have < count && status == OK) {
        bool ready;
        status = wait_for(serial, POLLIN, &ready);
        ssize_t done =
            status == OK && ready ? read(serial->fd, (char *)bytes + have, count - have) : 0;
        if (done < 0 && errno != EAGAIN && errno != EINTR)
            status = failed(serial, "read from it");
        if (done > 0) {
            have += (size_t)done;
            since = clock_monotonic_ns();
        } else if (status == OK && clock_seconds_since(since) > patience_s) {
            status = error_set(ERR_ENVIRONMENT,
                               "port %s: nothing came for %.1f s, after %zu of %zu bytes",
                               serial->path, patience_s, have, count);
        }
    }
    if (got)
        *got = have;
    return status;
}

void serial_drop_input(Serial *serial)
{
    tcflush(serial->fd, TCIFLUSH);
}
