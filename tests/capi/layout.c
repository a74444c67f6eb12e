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

/* Of version 2. */
AT(ringside_open_options, size, 0);
AT(ringside_open_options, access, 8);
AT(ringside_open_options, share, 12);
AT(ringside_open_options, disposition, 16);
AT(ringside_open_options, options, 20);
AT(ringside_open_options, attributes, 24);
AT(ringside_open_options, synchronous, 28);
AT(ringside_open_options, case_sensitive, 32);
AT(ringside_open_options, reserved, 36);
AT(ringside_open_options, allocation_size, 40);
AT(ringside_open_options, ea, 48);
AT(ringside_open_options, ea_bytes, 56);
AT(ringside_open_options, security, 64);
AT(ringside_open_options, security_bytes, 72);
AT(ringside_open_options, relative_to, 80);

AT(ringside_pipe_options, size, 0);
AT(ringside_pipe_options, type, 8);
AT(ringside_pipe_options, read_mode, 12);
AT(ringside_pipe_options, completion_mode, 16);
AT(ringside_pipe_options, instances, 20);
AT(ringside_pipe_options, inbound_quota, 24);
AT(ringside_pipe_options, outbound_quota, 28);
AT(ringside_pipe_options, timeout_seconds, 32);

AT(ringside_mailslot_options, size, 0);
AT(ringside_mailslot_options, quota, 8);
AT(ringside_mailslot_options, message_bytes, 12);
AT(ringside_mailslot_options, read_timeout_seconds, 16);

AT(ringside_io, size, 0);
AT(ringside_io, major, 8);
AT(ringside_io, minor, 12);
AT(ringside_io, code, 16);
AT(ringside_io, flags, 20);
AT(ringside_io, key, 24);
AT(ringside_io, reserved, 28);
AT(ringside_io, in, 32);
AT(ringside_io, in_bytes, 40);
AT(ringside_io, out_contents, 48);
AT(ringside_io, out_contents_bytes, 56);
AT(ringside_io, offset, 64);
AT(ringside_io, length, 72);
AT(ringside_io, name, 80);
AT(ringside_io, thread, 88);
AT(ringside_io, event, 96);
AT(ringside_io, context, 104);
AT(ringside_io, callback, 112);
AT(ringside_io, callback_context, 120);

AT(ringside_packet, status, 0);
AT(ringside_packet, outcome, 4);
AT(ringside_packet, key, 8);
AT(ringside_packet, context, 16);
AT(ringside_packet, information, 24);
IS(ringside_packet_size, sizeof(ringside_packet) == 32);
