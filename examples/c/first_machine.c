/* SPDX-License-Identifier: MIT
 *
 * The C face at work: boots a machine, loads the driver of examples/ioctl, talks to it, and asks what it left behind.
 *
 *     cc first_machine.c $(pkg-config --cflags --libs ringside) -o first_machine
 *     ./first_machine build/drivers/ioctl.sys
 */
#include <ringside.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IOCTL_REVERSE 0x80002000u /* examples/ioctl/ioctl.h: the reply is the input, backwards */

/* Every function returns RINGSIDE_OK, or why not; the sentence is beside it. */
static void must(int result, ringside_machine machine)
{
    if (result == RINGSIDE_OK)
        return;
    fprintf(stderr, "%s: %s\n", ringside_result_name(result), ringside_last_error(machine));
    exit(1);
}

int main(int count, char** words)
{
    ringside_options options;
    ringside_machine machine;
    ringside_driver driver;
    ringside_file file;
    ringside_reply reply;
    ringside_report report;
    char text[64];
    int32_t status;

    if (count != 2) {
        fprintf(stderr, "usage: first_machine ioctl.sys\n");
        return 1;
    }

    /* All as usual, but the seed: the same seed is the same run, to the last event. */
    must(ringside_options_init(&options, sizeof options), 0);
    options.seed = 7;
    must(ringside_boot(&options, &machine), 0);

    /* What the driver says is an NTSTATUS, and negative if it failed; it is no failure of the call. */
    must(ringside_load(machine, words[1], &driver, &status), machine);
    if (status < 0) {
        fprintf(stderr, "DriverEntry returned 0x%08x\n", (unsigned)status);
        return 1;
    }
    must(ringside_open(machine, "\\\\.\\RingsideIoctl", RINGSIDE_READ_WRITE, RINGSIDE_SHARE_ALL, &file, &status),
         machine);

    must(ringside_ioctl(file, IOCTL_REVERSE, "ringside", 8, text, sizeof text, &reply), machine);
    printf("ioctl: status 0x%08x, \"%.*s\"\n", (unsigned)reply.status, (int)reply.bytes, text);

    must(ringside_read(file, text, 32, 0, &reply), machine);
    printf("read:  status 0x%08x, \"%.*s\"\n", (unsigned)reply.status, (int)reply.bytes, text);

    /* The end: files are closed, drivers unloaded, and whatever is left is told. */
    must(ringside_file_close(file), machine);
    memset(&report, 0, sizeof report);
    report.size = sizeof report;
    must(ringside_finish(machine, &report), machine);
    printf("end:   exit code %d, %s\n", (int)report.exit_code, report.leaks ? report.words : "nothing is left");
    must(ringside_close(machine), 0);
    return report.exit_code;
}
