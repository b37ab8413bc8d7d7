/* man.h: the manual page dnn2fpga(1), made from the tables of verbs, options and actions. */
#ifndef CLI_MAN_H
#define CLI_MAN_H

#include "base/buffer.h"
#include "cli/cli.h"

/* Appends the page as roff with the macros of man(7). */
void man_write(const WorkbenchDoor *door, Buffer *page);

#endif
