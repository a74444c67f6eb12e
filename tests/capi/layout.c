/* SPDX-License-Identifier: MIT
 * The header as a C99 compiler reads it, and the structures' layout: callers compiled against version 1 rely on every
 * offset below for ever. Members may only be added behind. */
#include <ringside.h>

#define IS(name, condition) typedef char name[(condition) ? 1 : -1]
#define AT(type, member, offset) IS(type##_##member, offsetof(type, member) == (offset))

AT(ringside_options, size, 0);
AT(ringside_options, seed, 8);
AT(ringside_options, processors, 16);
AT(ringside_options, groups, 20);
AT(ringside_options, windows, 24);
AT(ringside_options, checks, 32);
AT(ringside_options, rules_off_count, 36);
AT(ringside_options, rules_off, 40);
AT(ringside_options, fail_nth, 48);
AT(ringside_options, fail_site_percent, 56);
AT(ringside_options, fail_fire_percent, 60);
AT(ringside_options, explore, 64);
AT(ringside_options, force_irql, 68);
AT(ringside_options, mean_steps, 72);
AT(ringside_options, live_output, 76);
AT(ringside_options, hang_seconds, 80);
AT(ringside_options, memory_bytes, 88);
AT(ringside_options, log_records, 96);
AT(ringside_options, c_drive, 104);
AT(ringside_options, c_drive_write, 112);
AT(ringside_options, in_process, 116);
AT(ringside_options, timeout_seconds, 120);
AT(ringside_options, program, 128);

AT(ringside_reply, status, 0);
AT(ringside_reply, reserved, 4);
AT(ringside_reply, information, 8);
AT(ringside_reply, bytes, 16);
IS(ringside_reply_size, sizeof(ringside_reply) == 24);

AT(ringside_driver_info, size, 0);
AT(ringside_driver_info, status, 8);
AT(ringside_driver_info, loaded, 12);
AT(ringside_driver_info, base, 16);

AT(ringside_report, size, 0);
AT(ringside_report, end, 8);
AT(ringside_report, exit_code, 12);
AT(ringside_report, code, 16);
AT(ringside_report, leaks, 20);
AT(ringside_report, parameters, 24);
AT(ringside_report, processor, 56);
AT(ringside_report, irql, 60);
AT(ringside_report, thread, 64);
AT(ringside_report, replayable, 68);
AT(ringside_report, events, 72);
AT(ringside_report, hash, 80);
AT(ringside_report, faults_injected, 88);
AT(ringside_report, fallible_calls, 96);
AT(ringside_report, virtual_seconds, 104);
AT(ringside_report, seed, 112);
AT(ringside_report, code_name, 120);
AT(ringside_report, words, 128);
AT(ringside_report, rule, 136);
AT(ringside_report, service, 144);
