#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Ringside from Python, with nothing but ctypes: what examples/c/first_machine.c does, requests that are not waited for,
and a driver that goes wild.

    python3 first_machine.py libringside.so build/drivers/{ioctl,desk,ends}.sys

A binding needs no more than this: handles are 64-bit numbers, results are numbers, text is UTF-8, and the structures
below look as in ringside.h."""
import ctypes as c
import json
import struct
import sys

library, ioctl_sys, desk_sys, ends_sys = sys.argv[1:]
ringside = c.CDLL(library)
ringside.ringside_last_error.restype = c.c_char_p
ringside.ringside_last_error.argtypes = [c.c_uint64]
ringside.ringside_result_name.restype = c.c_char_p
ringside.ringside_free.argtypes = [c.c_void_p]
# ctypes takes a bare number for an int of 32 bits; handles are wider.
Handle, NtStatus = c.c_uint64, c.c_int32


class Options(c.Structure):
    _fields_ = [("size", c.c_size_t), ("seed", c.c_uint64), ("processors", c.c_uint32), ("groups", c.c_uint32),
                ("windows", c.c_char_p), ("checks", c.c_uint32), ("rules_off_count", c.c_uint32),
                ("rules_off", c.POINTER(c.c_char_p)), ("fail_nth", c.c_uint64), ("fail_site_percent", c.c_uint32),
                ("fail_fire_percent", c.c_uint32), ("explore", c.c_uint32), ("force_irql", c.c_uint32),
                ("mean_steps", c.c_uint32), ("live_output", c.c_uint32), ("hang_seconds", c.c_double),
                ("memory_bytes", c.c_uint64), ("log_records", c.c_uint64), ("c_drive", c.c_char_p),
                ("c_drive_write", c.c_uint32), ("in_process", c.c_uint32), ("timeout_seconds", c.c_double),
                ("program", c.c_char_p)]


class Reply(c.Structure):
    _fields_ = [("status", NtStatus), ("reserved", c.c_uint32), ("information", c.c_uint64), ("bytes", c.c_uint64)]


# What a request's end is told to: context, result, reply, bytes.
Callback = c.CFUNCTYPE(None, c.c_void_p, c.c_int, c.POINTER(Reply), c.POINTER(c.c_char))


class Io(c.Structure):
    _fields_ = [("size", c.c_size_t), ("major", c.c_uint32), ("minor", c.c_uint32), ("code", c.c_uint32),
                ("flags", c.c_uint32), ("key", c.c_uint32), ("reserved", c.c_uint32), ("in_", c.c_char_p),
                ("in_bytes", c.c_size_t), ("out_contents", c.c_char_p), ("out_contents_bytes", c.c_size_t),
                ("offset", c.c_uint64), ("length", c.c_uint64), ("name", c.c_char_p), ("thread", c.c_uint64),
                ("event", c.c_uint64), ("context", c.c_uint64), ("callback", Callback),
                ("callback_context", c.c_void_p)]


class Failure(Exception):
    pass


def call(name, *arguments):
    """Every function returns RINGSIDE_OK, or why not; a failure's sentence is kept for the thread."""
    result = getattr(ringside, "ringside_" + name)(*arguments)
    if result != 0:
        sentence = ringside.ringside_last_error(0).decode()
        raise Failure(f"{ringside.ringside_result_name(result).decode()}: {sentence}")


def text_of(name, machine):
    """What a function returns through char** is ours to free."""
    text = c.c_char_p()
    call(name, machine, c.byref(text))
    try:
        return text.value.decode()
    finally:
        ringside.ringside_free(text)


def boot(seed):
    options = Options()
    call("options_init", c.byref(options), c.c_size_t(c.sizeof(options)))
    options.seed = seed
    machine = Handle()
    call("boot", c.byref(options), c.byref(machine))
    return machine


def load(machine, path):
    driver, status = Handle(), NtStatus()
    call("load", machine, path.encode(), c.byref(driver), c.byref(status))
    assert status.value == 0, f"DriverEntry returned 0x{status.value & 0xFFFFFFFF:08x}"


def open_file(machine, path):
    file, status = Handle(), NtStatus()
    call("open", machine, path.encode(), c.c_uint32(0xC0000000), c.c_uint32(3), c.byref(file), c.byref(status))
    assert status.value == 0, f"the open returned 0x{status.value & 0xFFFFFFFF:08x}"
    return file


def ioctl(file, code, data=b"", room=0):
    out, reply = c.create_string_buffer(room or 1), Reply()
    call("ioctl", file, c.c_uint32(code), data, c.c_size_t(len(data)), out, c.c_size_t(room), c.byref(reply))
    return reply.status, out.raw[:reply.bytes]


def read_later(file, room, told):
    """ReadFileEx: what comes of it is told to a function, in an alertable sleep of the client's thread. The request, and
    the callback, which must live until it was called."""
    callback = Callback(lambda context, result, reply, data: told(reply[0].status, data[:reply[0].bytes]))
    io, request = Io(size=c.sizeof(Io), major=3, callback=callback), Handle()  # RINGSIDE_MAJOR_READ
    call("start_io", file, c.byref(io), c.c_size_t(room), c.byref(request))
    return request, callback


def sleep(thread, seconds):
    status = NtStatus()
    call("thread_sleep", thread, c.c_double(seconds), c.c_int(1), c.byref(status))
    return status.value


# A driver that behaves.
machine = boot(seed=7)
load(machine, ioctl_sys)
print("devices:", ", ".join(device["name"] for device in json.loads(text_of("devices", machine))))
file = open_file(machine, r"\\.\RingsideIoctl")
print("ioctl:  ", *ioctl(file, 0x80002000, b"ringside", 64))
call("file_close", file)
call("expect_quiet", machine)
call("close", machine)

# A driver that keeps what it is asked until it is told, or the request is cancelled. The order and the serving are its
# own control codes (tests/drivers/desk.h): a status, an amount, and whether to keep.
machine = boot(seed=7)
load(machine, desk_sys)
file, thread = open_file(machine, r"\\.\Desk"), Handle()
call("thread_first", machine, c.byref(thread))
ioctl(file, 0x80002000, struct.pack("<iIII", 0, 0, 1, 0))
served = read_later(file, 8, lambda status, data: print("served: ", status, data))
cancelled = read_later(file, 8, lambda status, data: print(f"cancel:  {status & 0xFFFFFFFF:08x}", data))
print("sleep:  ", sleep(thread, 1.0))
ioctl(file, 0x80002004, struct.pack("<iIII", 0, 5, 0, 0))
call("request_cancel_ex", cancelled[0], None)
print("sleep:  ", sleep(thread, 1.0), "(STATUS_USER_APC)")
call("file_close", file)
call("expect_quiet", machine)
call("close", machine)

# A driver that does not: the machine stops as Windows would, and tells why. Python goes on.
machine = boot(seed=7)
load(machine, ends_sys)
file = open_file(machine, r"\\.\Ends")
ioctl(file, 0x80002018)  # IOCTL_END_UNHANDLED: writes to address 0
try:
    call("expect_quiet", machine)
except Failure as failure:
    print("failure:", str(failure).splitlines()[0])
report = json.loads(text_of("report_json", machine))
print("report: ", report["code_name"], "in", report["trace"][0]["module"])
call("close", machine)
