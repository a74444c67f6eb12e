/* SPDX-License-Identifier: MIT
 *
 * Ringside's C face: a Windows kernel driver's machine, driven from any language. Plain C89 types, no callbacks, no
 * global state that a caller sees. The C++ face is another header, <ringside/ringside.h>; docs/c-api.md is the page.
 *
 *     ringside_options options;
 *     ringside_machine machine;
 *     ringside_driver driver;
 *     ringside_file file;
 *     ringside_reply reply;
 *     char text[8];
 *     int32_t status;
 *
 *     ringside_options_init(&options, sizeof options);
 *     ringside_boot(&options, &machine);
 *     ringside_load(machine, "ioctl.sys", &driver, &status);
 *     ringside_open(machine, "\\\\.\\RingsideIoctl", RINGSIDE_READ_WRITE, RINGSIDE_SHARE_ALL, &file, &status);
 *     ringside_ioctl(file, 0x80002000u, "hello", 5, text, sizeof text, &reply);
 *     ringside_file_close(file);
 *     ringside_expect_quiet(machine);
 *     ringside_close(machine);
 *
 * The machine runs in a process of its own unless options.in_process is set: a driver that goes wild takes that process
 * with it, and the caller gets RINGSIDE_DIED. Many machines may live at once in this way.
 *
 * Rules that hold for every function:
 * - It returns RINGSIDE_OK or another ringside_result; then ringside_last_error() has the sentence. What a driver
 *   answers is no error of the call: it is an NTSTATUS in *status or reply->status.
 * - It never throws, raises no signal and does not end the caller's process (in_process: as far as the driver lets it).
 * - Results are written on RINGSIDE_OK only. A null pointer for a result that is not wanted is allowed where the
 *   function says "may be null"; everywhere else it is RINGSIDE_BAD_ARGUMENT.
 * - Strings are UTF-8, ended by a zero byte. Text and bytes that a function returns through char** or void** belong to
 *   the caller, who gives them to ringside_free(). Text of several lines ends each with '\n'.
 * - Memory the caller passes in is read or written during the call only.
 * - Calls on different machines may run on different threads at once. Calls on one machine wait for each other. A
 *   machine in_process takes calls only from the thread that booted it.
 * - After fork() the child process has no machines: its calls return RINGSIDE_BAD_HANDLE.
 */
#ifndef RINGSIDE_H
#define RINGSIDE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RINGSIDE_API __attribute__((visibility("default")))
#else
#define RINGSIDE_API
#endif

/* Raised when functions or members are added; nothing is taken away or changed under one soname. */
#define RINGSIDE_API_VERSION 1

/* --- Handles --------------------------------------------------------------------------------------------------------
 * Numbers, never 0 and never used twice in a process. A handle that is closed, foreign or of another kind is
 * RINGSIDE_BAD_HANDLE. All handles of a machine end with it. */
typedef uint64_t ringside_machine;
typedef uint64_t ringside_client;  /* a client process */
typedef uint64_t ringside_driver;
typedef uint64_t ringside_file;    /* an open file or device */
typedef uint64_t ringside_request; /* I/O that was started and not waited for */

/* --- Results of calls ---------------------------------------------------------------------------------------------- */
typedef enum ringside_result {
    RINGSIDE_OK = 0,
    RINGSIDE_BAD_ARGUMENT = 1, /* a null pointer, a size or a value outside its range */
    RINGSIDE_BAD_HANDLE = 2,   /* closed, of another kind, or no handle at all */
    RINGSIDE_BAD_IMAGE = 3,    /* the file is no driver that can be loaded */
    RINGSIDE_BAD_USE = 4,      /* the machine refuses: the call makes no sense to it */
    RINGSIDE_NOT_QUIET = 5,    /* ringside_expect_quiet(): something is left; the error's text has all lines */
    RINGSIDE_NO_MEMORY = 6,
    RINGSIDE_NO_PROGRAM = 7,   /* the program for the machine's process was not found, did not start, or is no Ringside */
    RINGSIDE_DIED = 8,         /* the machine's process ended; the text says how, during which call, and the seed */
    RINGSIDE_TIMED_OUT = 9,    /* the call took longer than options.timeout_seconds; the machine's process was killed */
    RINGSIDE_PROTOCOL = 10,    /* bytes from the machine's process make no sense; it was killed */
    RINGSIDE_BUSY = 11,        /* in_process: another machine lives in this process */
    RINGSIDE_WRONG_THREAD = 12, /* in_process: not the thread that booted the machine */
    RINGSIDE_OUR_BUG = 13      /* Ringside failed in a way it did not foresee */
} ringside_result;

/* "RINGSIDE_DIED"; "RINGSIDE_?" for a number that is none. Lives for ever. */
RINGSIDE_API const char* ringside_result_name(int result);
/* The sentence of the machine's last call that failed, on any thread; with 0 or a machine that is closed, of this
 * thread's last call that failed, whatever machine it was for (ringside_boot's, too). "" if none did. Never null. Lives until this thread calls this
 * function again. */
RINGSIDE_API const char* ringside_last_error(ringside_machine machine);
/* Text or bytes that the library returned; null is allowed. */
RINGSIDE_API void ringside_free(void* returned);

/* --- The library ---------------------------------------------------------------------------------------------------- */
/* "0.1.0"; lives for ever. */
RINGSIDE_API const char* ringside_version(void);
/* RINGSIDE_API_VERSION of the library that was loaded, which may be newer than the header's. */
RINGSIDE_API uint32_t ringside_api_version(void);
/* "STATUS_PENDING", or "0x80000123" for a value without a name. The text is the caller's. */
RINGSIDE_API int ringside_status_name(int32_t status, char** name);
/* The verifier's rules and the Windows releases, one name a line: what options.rules_off and options.windows take. */
RINGSIDE_API int ringside_rules(char** lines);
RINGSIDE_API int ringside_windows_releases(char** lines);

/* --- Boot ----------------------------------------------------------------------------------------------------------- */
typedef enum ringside_checks {
    RINGSIDE_CHECKS_BARE = 0,     /* the services alone */
    RINGSIDE_CHECKS_OBSERVED = 1, /* with an event log and schedule points */
    RINGSIDE_CHECKS_VERIFIED = 2  /* with the verifier's rules */
} ringside_checks;

/* Fill with ringside_options_init(), then change what shall differ. Pointers are read during ringside_boot() only. */
typedef struct ringside_options {
    size_t size;                  /* of this structure as the caller was compiled */
    uint64_t seed;                /* what decides every choice of the run (usual: 1) */
    uint32_t processors;          /* usual: 2 */
    uint32_t groups;              /* of processors (usual: 1) */
    const char* windows;          /* a name of ringside_windows_releases(); null: the newest */
    uint32_t checks;              /* ringside_checks (usual: verified) */
    uint32_t rules_off_count;
    const char* const* rules_off; /* names of ringside_rules() to leave out */
    uint64_t fail_nth;            /* let the n-th call that can fail do so; 0: none */
    uint32_t fail_site_percent;   /* or: services that fail in this run at all, */
    uint32_t fail_fire_percent;   /* and how often those do */
    uint32_t explore;             /* not 0: schedule points around interlocked instructions, too */
    uint32_t force_irql;          /* not 0: pageable memory is paged out whenever the IRQL is raised */
    uint32_t mean_steps;          /* mean number of schedule points between switches; 0: drawn from the seed */
    uint32_t live_output;         /* not 0: what drivers print goes to standard error at once */
    double hang_seconds;          /* processor time a driver may spin without calling anything; 0: for ever (usual: 2) */
    uint64_t memory_bytes;        /* of physical memory; only what is touched costs anything (usual: 1 GiB) */
    uint64_t log_records;         /* newest lines of the event log kept, a power of two (usual: 16384) */
    const char* c_drive;          /* a folder that drivers see as C:; null: none */
    uint32_t c_drive_write;       /* not 0: their changes are written to it, and not only kept in memory */
    uint32_t in_process;          /* not 0: no process of its own. One such machine at a time, calls from one thread */
    double timeout_seconds;       /* time of the host one call may take; 0: for ever (usual: 300). Not in_process */
    const char* program;          /* of the machine's process; null: looked for (docs/c-api.md) */
} ringside_options;

/* Writes the usual values to the first `size` bytes: sizeof(ringside_options) as the caller was compiled. */
RINGSIDE_API int ringside_options_init(ringside_options* options, size_t size);
/* Boots a machine. options may be null: all as usual. A structure larger than the library's must be zero behind what
 * the library knows. */
RINGSIDE_API int ringside_boot(const ringside_options* options, ringside_machine* machine);
/* The end: nothing is looked at, nothing remains (ringside_finish() is what looks). Also for a machine that died. */
RINGSIDE_API int ringside_close(ringside_machine machine);
/* From any thread, and without waiting: ends the machine's process. A call that is under way returns RINGSIDE_DIED.
 * The handle remains until ringside_close(). RINGSIDE_BAD_USE in_process. */
RINGSIDE_API int ringside_kill(ringside_machine machine);

/* --- Drivers -------------------------------------------------------------------------------------------------------- */
/* Loads a .sys file and calls its DriverEntry; *status is what that returned, STATUS_DELETE_PENDING after the machine
 * crashed. Export drivers that it imports are looked for beside it. status may be null. */
RINGSIDE_API int ringside_load(ringside_machine machine, const char* path, ringside_driver* driver, int32_t* status);
/* The same from memory: name as in "toaster.sys"; path (may be null) is where the file stands, for reports and export
 * drivers. */
RINGSIDE_API int ringside_load_memory(ringside_machine machine, const char* name, const void* image, size_t bytes,
                                      const char* path, ringside_driver* driver, int32_t* status);
/* Calls DriverUnload and takes the image away. *status: STATUS_INVALID_DEVICE_REQUEST without an unload routine,
 * STATUS_DEVICE_BUSY while its devices are in use. status may be null. */
RINGSIDE_API int ringside_unload(ringside_driver driver, int32_t* status);

typedef struct ringside_driver_info {
    size_t size;     /* set by the caller */
    int32_t status;  /* DriverEntry's */
    uint32_t loaded; /* 1: its image is there */
    uint64_t base;   /* the image's address */
} ringside_driver_info;
RINGSIDE_API int ringside_driver_get_info(ringside_driver driver, ringside_driver_info* info);
RINGSIDE_API int ringside_driver_name(ringside_driver driver, char** name);
/* A JSON array of {dll, name, served: "works" | "partial" | "missing", words}. */
RINGSIDE_API int ringside_driver_imports(ringside_driver driver, char** json);

/* --- Registry: before a load, or at any time ------------------------------------------------------------------------- */
/* A value of a service's own key: ("toaster", "Parameters\\Name=dword:1"). */
RINGSIDE_API int ringside_set_registry_value(ringside_machine machine, const char* service, const char* assignment);
/* A .reg file's text. */
RINGSIDE_API int ringside_import_registry(ringside_machine machine, const char* reg_file_text);
/* A key ("HKLM\\SOFTWARE\\Ours") and all below it as .reg text. */
RINGSIDE_API int ringside_export_registry(ringside_machine machine, const char* key, char** reg_file_text);
/* A hive file's contents in place of a key's, and a key as a hive file. */
RINGSIDE_API int ringside_load_hive(ringside_machine machine, const char* key, const void* file, size_t bytes);
RINGSIDE_API int ringside_save_hive(ringside_machine machine, const char* key, void** file, size_t* bytes);

/* --- Client processes ------------------------------------------------------------------------------------------------ */
typedef enum ringside_account {
    RINGSIDE_ACCOUNT_SYSTEM = 0,
    RINGSIDE_ACCOUNT_ADMINISTRATOR = 1,          /* elevated: the default client's */
    RINGSIDE_ACCOUNT_FILTERED_ADMINISTRATOR = 2, /* the same before "Run as administrator" */
    RINGSIDE_ACCOUNT_USER = 3
} ringside_account;
/* A process with its own addresses and handles. *status: a driver may have refused its creation, then every open
 * fails; may be null. */
RINGSIDE_API int ringside_client_start(ringside_machine machine, const char* name, uint32_t account,
                                       ringside_client* client, int32_t* status);
/* Terminates it with that exit status: its requests are cancelled and waited for, its handles closed. */
RINGSIDE_API int ringside_client_end(ringside_client client, int32_t exit_status);
RINGSIDE_API int ringside_client_running(ringside_client client, int* running);

/* --- Files ----------------------------------------------------------------------------------------------------------- */
#define RINGSIDE_READ_WRITE 0xC0000000u /* GENERIC_READ | GENERIC_WRITE */
#define RINGSIDE_SHARE_ALL 3u           /* FILE_SHARE_READ | FILE_SHARE_WRITE */

/* How a request ended. This structure will not grow. */
typedef struct ringside_reply {
    int32_t status;       /* STATUS_PENDING (0x103): the driver has not completed it; see ringside_pending() */
    uint32_t reserved;    /* 0 */
    uint64_t information; /* as the driver set it */
    uint64_t bytes;       /* that were written to the caller's buffer: at most its size */
} ringside_reply;

/* Opens "\\\\.\\Name" or "\\Device\\Name". owner is a client, or a machine: then the default client, an elevated
 * administrator, opens. *file is 0 if *status is a failure. */
RINGSIDE_API int ringside_open(uint64_t owner, const char* path, uint32_t access, uint32_t share, ringside_file* file,
                               int32_t* status);
/* Closes the handle: IRP_MJ_CLEANUP, then IRP_MJ_CLOSE once its requests are done. */
RINGSIDE_API int ringside_file_close(ringside_file file);
/* Each sends one request and runs the machine until it is done, or nothing is left to do (then STATUS_PENDING). Input
 * may be null if its size is 0, and so may output. After the machine crashed: STATUS_DELETE_PENDING. */
RINGSIDE_API int ringside_ioctl(ringside_file file, uint32_t code, const void* in, size_t in_bytes, void* out,
                                size_t out_bytes, ringside_reply* reply);
/* The second buffer's contents are given, too: in-direct control codes read it. Nothing comes back in it. */
RINGSIDE_API int ringside_ioctl_with_buffer(ringside_file file, uint32_t code, const void* in, size_t in_bytes,
                                            const void* second, size_t second_bytes, ringside_reply* reply);
RINGSIDE_API int ringside_read(ringside_file file, void* out, size_t out_bytes, uint64_t offset, ringside_reply* reply);
RINGSIDE_API int ringside_write(ringside_file file, const void* in, size_t in_bytes, uint64_t offset,
                                ringside_reply* reply);

/* --- Requests that are not waited for -------------------------------------------------------------------------------- */
/* The machine keeps the buffers: out_bytes is the room for the reply, fetched by ringside_request_reply(). */
RINGSIDE_API int ringside_start_ioctl(ringside_file file, uint32_t code, const void* in, size_t in_bytes,
                                      size_t out_bytes, ringside_request* request);
RINGSIDE_API int ringside_start_read(ringside_file file, size_t out_bytes, uint64_t offset, ringside_request* request);
RINGSIDE_API int ringside_start_write(ringside_file file, const void* in, size_t in_bytes, uint64_t offset,
                                      ringside_request* request);
RINGSIDE_API int ringside_request_done(ringside_request request, int* done);
/* CancelIoEx for this one request. Whether it comes to an end by that is the driver's doing. */
RINGSIDE_API int ringside_request_cancel(ringside_request request);
/* Runs the machine until the request is done or nothing is left to do; then as ringside_request_reply(). */
RINGSIDE_API int ringside_request_wait(ringside_request request, void* out, size_t out_bytes, ringside_reply* reply);
/* As it stands: STATUS_PENDING, or how it ended, with as many of its bytes as fit. May be asked again. */
RINGSIDE_API int ringside_request_reply(ringside_request request, void* out, size_t out_bytes, ringside_reply* reply);
/* The handle is given up; the request itself goes on. */
RINGSIDE_API int ringside_request_close(ringside_request request);

/* --- Time ------------------------------------------------------------------------------------------------------------ */
/* Runs until nothing is left to do (timers up to a minute ahead included). *quiet: 1 if so, 0 if the minute was not
 * enough or the machine crashed; may be null. */
RINGSIDE_API int ringside_settle(ringside_machine machine, int* quiet);
/* Lets this much virtual time pass: 0 to 1e9 seconds. */
RINGSIDE_API int ringside_run_for(ringside_machine machine, double seconds);

/* --- What there is --------------------------------------------------------------------------------------------------- */
/* 1: a bug check or a missing service ended the machine; what is asked of drivers now is refused. */
RINGSIDE_API int ringside_crashed(ringside_machine machine, int* crashed);
/* A JSON array of {name, driver, type, links: [], stack}. */
RINGSIDE_API int ringside_devices(ringside_machine machine, char** json);
/* Requests that drivers hold, one a line; "" if none. */
RINGSIDE_API int ringside_pending(ringside_machine machine, char** lines);
/* IRPs, pool, references, handles, timers, ... that exist now, one a line; "" if quiet. */
RINGSIDE_API int ringside_what_is_left(ringside_machine machine, char** lines);
/* The event log's newest lines. The hash covers all lines there ever were: the same seed, the same hash. */
RINGSIDE_API int ringside_log_lines(ringside_machine machine, uint64_t newest, char** lines);
RINGSIDE_API int ringside_log_hash(ringside_machine machine, uint64_t* hash);

/* --- The end of a run ------------------------------------------------------------------------------------------------ */
typedef enum ringside_end {
    RINGSIDE_END_CLEAN = 0,
    RINGSIDE_END_LEAKS = 1,
    RINGSIDE_END_BUG_CHECK = 2,
    RINGSIDE_END_MISSING_SERVICE = 3,
    RINGSIDE_END_HUNG = 4
} ringside_end;

/* Its texts live until the machine is closed, or asked for its report again. */
typedef struct ringside_report {
    size_t size;            /* set by the caller */
    uint32_t end;           /* ringside_end */
    int32_t exit_code;      /* of `ringside run`: 0 clean, 2 the driver broke a rule, 4 a service is missing */
    uint32_t code;          /* of the bug check */
    uint32_t leaks;         /* things left; ringside_report_json() has a line for each */
    uint64_t parameters[4]; /* of the bug check */
    uint32_t processor;
    uint32_t irql;
    uint32_t thread;
    uint32_t replayable;    /* 0: the host's time had a hand in it (a driver that hung) */
    uint64_t events;
    uint64_t hash;
    uint64_t faults_injected;
    uint64_t fallible_calls;
    double virtual_seconds;
    uint64_t seed;
    const char* code_name;
    const char* words;      /* one sentence */
    const char* rule;       /* the verifier rule that ended it, or "" */
    const char* service;    /* the missing service, or "" */
} ringside_report;

/* Closes files, unloads drivers in reverse order, and looks what is left. May be asked again. report may be null. */
RINGSIDE_API int ringside_finish(ringside_machine machine, ringside_report* report);
/* What ringside_finish() told last, with traces, leaks and what drivers said. 64-bit numbers are text ("0x..."), since
 * not every reader of JSON has them. RINGSIDE_BAD_USE before ringside_finish(). */
RINGSIDE_API int ringside_report_json(ringside_machine machine, char** json);
/* For tests: ringside_finish(), and RINGSIDE_NOT_QUIET with all lines if it did not end clean. */
RINGSIDE_API int ringside_expect_quiet(ringside_machine machine);

#ifdef __cplusplus
}
#endif

#endif
