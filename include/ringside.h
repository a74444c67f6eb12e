/* SPDX-License-Identifier: MIT
 *
 * Ringside's C face: a Windows kernel driver's machine, driven from any language. Plain C89 types, no global
 * state that a caller sees. The C++ face is another header, <ringside/ringside.h>; docs/c-api.md is the page.
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
 * That is the short form. Requests of other kinds, requests that are not waited for, events, completion ports, threads
 * and further client processes are below.
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
 * - The caller's own functions are called by nothing but a request that was started with one (ringside_callback).
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

/* Raised when functions or members are added; nothing is taken away or changed under one soname. 2: threads, events,
 * completion ports, callbacks, requests of every major function. */
#define RINGSIDE_API_VERSION 2

/* --- Handles --------------------------------------------------------------------------------------------------------
 * Numbers, never 0 and never used twice in a process. A handle that is closed, foreign or of another kind is
 * RINGSIDE_BAD_HANDLE. All handles of a machine end with it. */
typedef uint64_t ringside_machine;
typedef uint64_t ringside_client;  /* a client process */
typedef uint64_t ringside_driver;
typedef uint64_t ringside_file;    /* an open file or device */
typedef uint64_t ringside_request; /* I/O that was started and not waited for */
typedef uint64_t ringside_thread;  /* of a client process */
typedef uint64_t ringside_event;   /* an event object of a client process */
typedef uint64_t ringside_port;    /* an I/O completion port of a client process */

/* --- Results of calls -------------------------------------------------------------------------------------------- */
typedef enum ringside_result {
    RINGSIDE_OK = 0,
    RINGSIDE_BAD_ARGUMENT = 1, /* a null pointer, a size or a value outside its range */
    RINGSIDE_BAD_HANDLE = 2,   /* closed, of another kind, or no handle at all */
    RINGSIDE_BAD_IMAGE = 3,    /* the file is no driver that can be loaded */
    RINGSIDE_BAD_USE = 4,      /* the machine refuses: the call makes no sense to it */
    RINGSIDE_NOT_QUIET = 5,    /* ringside_expect_quiet(): something is left; the error's text has all lines */
    RINGSIDE_NO_MEMORY = 6,
    RINGSIDE_NO_PROGRAM = 7,   /* the machine's program was not found, did not start, or is no Ringside */
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
 * thread's last call that failed, whatever machine it was for (ringside_boot's, too). "" if none did. Never null. Lives
 * until this thread calls this function again. */
RINGSIDE_API const char* ringside_last_error(ringside_machine machine);
/* Text or bytes that the library returned; null is allowed. */
RINGSIDE_API void ringside_free(void* returned);

/* --- The library ------------------------------------------------------------------------------------------------- */
/* "0.1.0"; lives for ever. */
RINGSIDE_API const char* ringside_version(void);
/* RINGSIDE_API_VERSION of the library that was loaded, which may be newer than the header's. */
RINGSIDE_API uint32_t ringside_api_version(void);
/* "STATUS_PENDING", or "0x80000123" for a value without a name. The text is the caller's. */
RINGSIDE_API int ringside_status_name(int32_t status, char** name);
/* The verifier's rules and the Windows releases, one name a line: what options.rules_off and options.windows take. */
RINGSIDE_API int ringside_rules(char** lines);
RINGSIDE_API int ringside_windows_releases(char** lines);

/* --- Boot -------------------------------------------------------------------------------------------------------- */
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
    double hang_seconds;          /* processor time a driver may spin and call nothing; 0: for ever (usual: 2) */
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

/* --- Drivers ----------------------------------------------------------------------------------------------------- */
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

/* --- Registry: before a load, or at any time --------------------------------------------------------------------- */
/* A value of a service's own key: ("toaster", "Parameters\\Name=dword:1"). */
RINGSIDE_API int ringside_set_registry_value(ringside_machine machine, const char* service, const char* assignment);
/* A .reg file's text. */
RINGSIDE_API int ringside_import_registry(ringside_machine machine, const char* reg_file_text);
/* A key ("HKLM\\SOFTWARE\\Ours") and all below it as .reg text. */
RINGSIDE_API int ringside_export_registry(ringside_machine machine, const char* key, char** reg_file_text);
/* A hive file's contents in place of a key's, and a key as a hive file. */
RINGSIDE_API int ringside_load_hive(ringside_machine machine, const char* key, const void* file, size_t bytes);
RINGSIDE_API int ringside_save_hive(ringside_machine machine, const char* key, void** file, size_t* bytes);

/* --- Client processes -------------------------------------------------------------------------------------------- */
typedef enum ringside_account {
    RINGSIDE_ACCOUNT_SYSTEM = 0,
    RINGSIDE_ACCOUNT_ADMINISTRATOR = 1,          /* elevated: the default client's */
    RINGSIDE_ACCOUNT_FILTERED_ADMINISTRATOR = 2, /* the same before "Run as administrator" */
    RINGSIDE_ACCOUNT_USER = 3
} ringside_account;
/* Beside one of them: a 32-bit program (WOW64). Its buffers are below 2 GiB, and drivers are told. */
#define RINGSIDE_CLIENT_32BIT 0x100u
/* A process with its own addresses and handles. `account`: a ringside_account, with RINGSIDE_CLIENT_32BIT or not. *status: a driver may have refused its creation, then every open
 * fails; may be null. */
RINGSIDE_API int ringside_client_start(ringside_machine machine, const char* name, uint32_t account,
                                       ringside_client* client, int32_t* status);
/* Terminates it with that exit status: its requests are cancelled and waited for, its handles closed. */
RINGSIDE_API int ringside_client_end(ringside_client client, int32_t exit_status);
RINGSIDE_API int ringside_client_running(ringside_client client, int* running);

/* --- Threads of a client --------------------------------------------------------------------------------------------
 * `owner`, here and below, is a client, or a machine: then its default client, an elevated administrator. Who does not
 * say otherwise acts on the client's first thread. A thread that is inside a call that has not come back (a request on
 * a file that was opened synchronously) can make no other: RINGSIDE_BAD_USE. Objects of one client are no use to
 * another: RINGSIDE_BAD_USE. Threads need no closing. */
/* A further thread. *status: a driver may have refused it, then it is never running; may be null. */
RINGSIDE_API int ringside_thread_start(uint64_t owner, ringside_thread* thread, int32_t* status);
/* A handle for the one that the client began with. */
RINGSIDE_API int ringside_thread_first(uint64_t owner, ringside_thread* thread);
RINGSIDE_API int ringside_thread_running(ringside_thread thread, int* running);
/* 1: in a call that has not come back. */
RINGSIDE_API int ringside_thread_blocked(ringside_thread thread, int* blocked);
/* SleepEx, for 0 to 1e9 seconds of the machine's time. An alertable sleep ends early when requests of the thread are
 * done that have a callback: *status is STATUS_USER_APC 0xC0 then. status may be null. */
RINGSIDE_API int ringside_thread_sleep(ringside_thread thread, double seconds, int alertable, int32_t* status);
/* CancelSynchronousIo: what it is blocked in. *status: STATUS_NOT_FOUND when that is nothing; may be null. */
RINGSIDE_API int ringside_thread_cancel_io(ringside_thread thread, int32_t* status);
/* ExitThread: its requests are cancelled and waited for. */
RINGSIDE_API int ringside_thread_end(ringside_thread thread, int32_t exit_status);

/* --- Events of a client ------------------------------------------------------------------------------------------ */
/* *status is of its creation; may be null. */
RINGSIDE_API int ringside_event_create(uint64_t owner, int manual_reset, int signalled, ringside_event* event,
                                       int32_t* status);
/* The handle's value in the client, which a control code carries to a driver that sets the event; 0: it has none. */
RINGSIDE_API int ringside_event_value(ringside_event event, uint64_t* value);
RINGSIDE_API int ringside_event_signalled(ringside_event event, int* signalled);
/* WaitForSingleObject: *came is 0 when nothing is left that could set it, or ten minutes of the machine have passed. */
RINGSIDE_API int ringside_event_wait(ringside_event event, int* came);
RINGSIDE_API int ringside_event_set(ringside_event event);
RINGSIDE_API int ringside_event_reset(ringside_event event);
/* The client's handle. A request that was started with the event keeps it. */
RINGSIDE_API int ringside_event_close(ringside_event event);

/* --- Files ------------------------------------------------------------------------------------------------------- */
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
 * administrator, opens. *file is 0 if *status is a failure. The file is overlapped: it takes requests that are not
 * waited for. */
RINGSIDE_API int ringside_open(uint64_t owner, const char* path, uint32_t access, uint32_t share, ringside_file* file,
                               int32_t* status);

/* How a file is opened otherwise. Fill with ringside_open_options_init(), then change what shall differ. Numbers are
 * NT's own. Pointers are read during the call only. */
typedef struct ringside_open_options {
    size_t size;               /* of this structure as the caller was compiled */
    uint32_t access;           /* usual: RINGSIDE_READ_WRITE */
    uint32_t share;            /* usual: RINGSIDE_SHARE_ALL */
    uint32_t disposition;      /* FILE_SUPERSEDE 0, FILE_OPEN 1 (usual), FILE_CREATE 2, FILE_OPEN_IF 3 ... */
    uint32_t options;          /* FILE_DIRECTORY_FILE 1, FILE_WRITE_THROUGH 2, FILE_DELETE_ON_CLOSE 0x1000 ... */
    uint32_t attributes;       /* FILE_ATTRIBUTE_... of what is created */
    uint32_t synchronous;      /* not 0: without FILE_FLAG_OVERLAPPED; each request blocks its thread */
    uint32_t case_sensitive;   /* not 0: the path is */
    uint32_t reserved;         /* 0 */
    int64_t allocation_size;   /* in bytes */
    const void* ea;            /* FILE_FULL_EA_INFORMATION entries; at most 64 KiB */
    size_t ea_bytes;
    const void* security;      /* a self-relative descriptor for what is created; at most 64 KiB */
    size_t security_bytes;
    ringside_file relative_to; /* the path begins at this file of the same client; 0: at the root */
} ringside_open_options;
RINGSIDE_API int ringside_open_options_init(ringside_open_options* options, size_t size);
/* As ringside_open(). options may be null: all as usual. *information: FILE_OPENED 1, FILE_CREATED 2 ...; may be
 * null. */
RINGSIDE_API int ringside_open_with(uint64_t owner, const char* path, const ringside_open_options* options,
                                    ringside_file* file, int32_t* status, uint64_t* information);

/* CreateNamedPipe and CreateMailslot, of the driver whose device the path names: IRP_MJ_CREATE_NAMED_PIPE and
 * IRP_MJ_CREATE_MAILSLOT. Usual options: FILE_OPEN_IF for a pipe; FILE_CREATE, for reading, for a mailslot. */
typedef struct ringside_pipe_options {
    size_t size;
    uint32_t type;            /* usual: FILE_PIPE_BYTE_STREAM_TYPE 0; 1: messages */
    uint32_t read_mode;
    uint32_t completion_mode;
    uint32_t instances;       /* usual: 1 */
    uint32_t inbound_quota;   /* usual: 4096 */
    uint32_t outbound_quota;  /* usual: 4096 */
    double timeout_seconds;   /* usual: 0.05 */
} ringside_pipe_options;
typedef struct ringside_mailslot_options {
    size_t size;
    uint32_t quota;
    uint32_t message_bytes;      /* the longest; 0: any */
    double read_timeout_seconds; /* negative: none */
} ringside_mailslot_options;
RINGSIDE_API int ringside_pipe_options_init(ringside_pipe_options* pipe, size_t size);
RINGSIDE_API int ringside_mailslot_options_init(ringside_mailslot_options* mailslot, size_t size);
/* As ringside_open_with(); each structure may be null: all as usual. */
RINGSIDE_API int ringside_create_pipe(uint64_t owner, const char* path, const ringside_pipe_options* pipe,
                                      const ringside_open_options* options, ringside_file* file, int32_t* status,
                                      uint64_t* information);
RINGSIDE_API int ringside_create_mailslot(uint64_t owner, const char* path, const ringside_mailslot_options* mailslot,
                                          const ringside_open_options* options, ringside_file* file, int32_t* status,
                                          uint64_t* information);

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

/* --- Any request ------------------------------------------------------------------------------------------------- */
/* The IRP_MJ_... that a program can make of an open file, and for each what of ringside_io it takes. */
typedef enum ringside_major {
    RINGSIDE_MAJOR_READ = 0x03,                /* out, offset, key */
    RINGSIDE_MAJOR_WRITE = 0x04,               /* in, offset, key */
    RINGSIDE_MAJOR_QUERY_INFORMATION = 0x05,   /* code: the information class; out */
    RINGSIDE_MAJOR_SET_INFORMATION = 0x06,     /* code: the information class; in */
    RINGSIDE_MAJOR_QUERY_EA = 0x07,            /* out; in: the names asked for; code: an index; flags */
    RINGSIDE_MAJOR_SET_EA = 0x08,              /* in */
    RINGSIDE_MAJOR_FLUSH_BUFFERS = 0x09,       /* minor: the flush's flags */
    RINGSIDE_MAJOR_QUERY_VOLUME_INFORMATION = 0x0A, /* code: the information class; out */
    RINGSIDE_MAJOR_SET_VOLUME_INFORMATION = 0x0B,   /* code: the information class; in */
    RINGSIDE_MAJOR_DIRECTORY_CONTROL = 0x0C,   /* minor 1 (or 0): code: class; out, name, flags. 2: code: filter */
    RINGSIDE_MAJOR_FILE_SYSTEM_CONTROL = 0x0D, /* code; in, out */
    RINGSIDE_MAJOR_DEVICE_CONTROL = 0x0E,      /* code; in, out */
    RINGSIDE_MAJOR_LOCK_CONTROL = 0x11,        /* minor 1 (or 0) locks, 2 unlocks one; offset, length, key, flags */
    RINGSIDE_MAJOR_QUERY_SECURITY = 0x14,      /* code: SECURITY_INFORMATION; out */
    RINGSIDE_MAJOR_SET_SECURITY = 0x15,        /* code: SECURITY_INFORMATION; in */
    RINGSIDE_MAJOR_QUERY_QUOTA = 0x19,         /* out; in: the SIDs asked for; flags */
    RINGSIDE_MAJOR_SET_QUOTA = 0x1A            /* in */
} ringside_major;

/* Offsets for files that were opened synchronously: where the last request left it; of a write: at the end. */
#define RINGSIDE_FILE_POSITION (~(uint64_t)1)
#define RINGSIDE_END_OF_FILE (~(uint64_t)0)

/* Called once, when the request is done and its thread is in an alertable sleep (ringside_thread_sleep()): ReadFileEx's
 * completion routine. It runs in the caller's process and on the thread whose call on the machine heard of it, at that
 * call's end and before it returns; the library holds no lock, so it may call any function, also to start the next
 * request. It must return. reply and bytes (reply->bytes of them, of the output buffer) live until it does.
 * result is RINGSIDE_OK. When the machine's process has died, the call that finds that out calls the routines of all
 * requests that have not been told, with what it returns itself as result, and with null for reply and bytes. After
 * ringside_close() none is called. */
typedef void (*ringside_callback)(void* context, int result, const ringside_reply* reply, const void* bytes);

/* A request of any major function, on any thread, with what an OVERLAPPED has. Set size and major; zeros are the usual
 * values of all others. */
typedef struct ringside_io {
    size_t size;               /* of this structure as the caller was compiled */
    uint32_t major;            /* ringside_major; RINGSIDE_BAD_USE for what no program can send */
    uint32_t minor;            /* IRP_MN_...: 0 to 255 */
    uint32_t code;
    uint32_t flags;            /* SL_...: 0 to 255 */
    uint32_t key;
    uint32_t reserved;         /* 0 */
    const void* in;
    size_t in_bytes;
    const void* out_contents;  /* the output buffer's contents beforehand; null: zeros */
    size_t out_contents_bytes; /* no more than the output buffer's size */
    uint64_t offset;
    uint64_t length;
    const char* name;          /* a directory query's pattern; null: none */
    ringside_thread thread;    /* that makes the request, of the file's client; 0: its first one */
    /* Only of requests that are started: how their end is told. */
    ringside_event event;      /* reset at the start, set at the end; 0: the file object itself is signalled */
    uint64_t context;          /* what a completion port's packet names the request by; 0: no packet */
    ringside_callback callback; /* null: none. A file that has a port takes none (STATUS_INVALID_PARAMETER) */
    void* callback_context;    /* handed to it */
} ringside_io;
/* Waited for, as ringside_ioctl(). RINGSIDE_BAD_ARGUMENT if the request has an event, a context or a callback. */
RINGSIDE_API int ringside_do_io(ringside_file file, const ringside_io* io, void* out, size_t out_bytes,
                                ringside_reply* reply);

/* CancelIo: what the thread has outstanding on the file; with 0 the client's first one. status may be null. */
RINGSIDE_API int ringside_file_cancel(ringside_file file, ringside_thread thread, int32_t* status);
/* CancelIoEx: what the process has. *status: STATUS_NOT_FOUND when that is nothing; may be null. */
RINGSIDE_API int ringside_file_cancel_all(ringside_file file, int32_t* status);
/* SetFileCompletionNotificationModes: 1 no packet when the call itself succeeds, 2 the file object is not signalled, 4
 * nor an event by fast I/O. They cannot be taken back. status may be null. */
RINGSIDE_API int ringside_file_skip_notification(ringside_file file, uint32_t modes, int32_t* status);
/* The file object, as a wait for its handle sees it. */
RINGSIDE_API int ringside_file_signalled(ringside_file file, int* signalled);

/* --- Requests that are not waited for ---------------------------------------------------------------------------- */
/* The machine keeps the buffers: out_bytes is the room for the reply, fetched by ringside_request_reply(). */
RINGSIDE_API int ringside_start_ioctl(ringside_file file, uint32_t code, const void* in, size_t in_bytes,
                                      size_t out_bytes, ringside_request* request);
RINGSIDE_API int ringside_start_read(ringside_file file, size_t out_bytes, uint64_t offset, ringside_request* request);
RINGSIDE_API int ringside_start_write(ringside_file file, const void* in, size_t in_bytes, uint64_t offset,
                                      ringside_request* request);
/* Any of them. On a file that was opened synchronously the client's thread blocks until the request is done. */
RINGSIDE_API int ringside_start_io(ringside_file file, const ringside_io* io, size_t out_bytes,
                                   ringside_request* request);
/* What the client's call that started it returned: STATUS_PENDING, or how it ended; an error means that nothing else
 * (event, port, callback) tells of the request. And the program's IO_STATUS_BLOCK as it stands: STATUS_PENDING and 0
 * until the I/O manager writes it. Each result may be null. */
RINGSIDE_API int ringside_request_status(ringside_request request, int32_t* returned, int32_t* block_status,
                                         uint64_t* block_information);
RINGSIDE_API int ringside_request_done(ringside_request request, int* done);
/* CancelIoEx for this one request. Whether it comes to an end by that is the driver's doing. */
RINGSIDE_API int ringside_request_cancel(ringside_request request);
/* The same, with what CancelIoEx said: STATUS_NOT_FOUND when the request is done. status may be null. */
RINGSIDE_API int ringside_request_cancel_ex(ringside_request request, int32_t* status);
/* Runs the machine until the request is done or nothing is left to do; then as ringside_request_reply(). */
RINGSIDE_API int ringside_request_wait(ringside_request request, void* out, size_t out_bytes, ringside_reply* reply);
/* As it stands: STATUS_PENDING, or how it ended, with as many of its bytes as fit. May be asked again. */
RINGSIDE_API int ringside_request_reply(ringside_request request, void* out, size_t out_bytes, ringside_reply* reply);
/* The handle is given up; the request itself goes on. */
RINGSIDE_API int ringside_request_close(ringside_request request);

/* --- Completion ports of a client -------------------------------------------------------------------------------- */
/* What a port gives out. This structure will not grow. */
typedef struct ringside_packet {
    int32_t status;       /* STATUS_TIMEOUT 0x102: none came; STATUS_ABANDONED 0x80: the port was closed meanwhile */
    int32_t outcome;      /* the request's status */
    uint64_t key;         /* of the file */
    uint64_t context;     /* of the request, or what was posted */
    uint64_t information;
} ringside_packet;
/* *status is of its creation; may be null. */
RINGSIDE_API int ringside_port_create(uint64_t owner, uint32_t concurrent_threads, ringside_port* port,
                                      int32_t* status);
/* From now on requests on the file that have a context give a packet when they are done. ringside_start_read(),
 * ringside_start_write() and ringside_start_ioctl() give them the context 1. *status: STATUS_INVALID_PARAMETER for a
 * file that was opened synchronously, or has a port; may be null. */
RINGSIDE_API int ringside_port_associate(ringside_port port, ringside_file file, uint64_t key, int32_t* status);
/* GetQueuedCompletionStatus on that thread; 0: the client's first one. Waits 0 to 1e9 seconds at most, of the machine's
 * time. */
RINGSIDE_API int ringside_port_get(ringside_port port, ringside_thread thread, double seconds, ringside_packet* packet);
/* PostQueuedCompletionStatus. status may be null. */
RINGSIDE_API int ringside_port_post(ringside_port port, uint64_t key, uint64_t context, uint64_t information,
                                    int32_t* status);
/* How many packets are in it. */
RINGSIDE_API int ringside_port_waiting(ringside_port port, uint64_t* packets);
/* Packets that nobody took go when the last file that is associated does. */
RINGSIDE_API int ringside_port_close(ringside_port port);

/* --- Time -------------------------------------------------------------------------------------------------------- */
/* Runs until nothing is left to do (timers up to a minute ahead included). *quiet: 1 if so, 0 if the minute was not
 * enough or the machine crashed; may be null. */
RINGSIDE_API int ringside_settle(ringside_machine machine, int* quiet);
/* Lets this much virtual time pass: 0 to 1e9 seconds. */
RINGSIDE_API int ringside_run_for(ringside_machine machine, double seconds);
/* The system shuts down: IRP_MJ_SHUTDOWN to the devices that registered for it, last registered first, then to those
 * that wanted the last chance. Programs and drivers stay as they are. */
RINGSIDE_API int ringside_shutdown(ringside_machine machine);

/* --- What there is ----------------------------------------------------------------------------------------------- */
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

/* --- The end of a run -------------------------------------------------------------------------------------------- */
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
