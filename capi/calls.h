// SPDX-License-Identifier: MIT
// What the C face's library and the machine's process say to each other: one call, one reply, in turn, over a socket.
// The library speaks first. The machine in the caller's own process is asked with the same bytes.
//
//   call    header { "RSC1", call,   bytes }  payload: the call's arguments
//   reply   header { "RSR1", result, bytes }  payload: the call's results, or the sentence if result is not RINGSIDE_OK
//
// A reply may tell of requests that have a callback and are done. Its header has their number, and they stand before the
// results: for each the token that the library gave it, status, information and bytes (answer.cpp).
//
// Numbers are little-endian; text and bytes have their length before them (wire.h). Names of objects are numbers that
// the server gave out, in the order of birth.
#pragma once

#include <cstdint>
#include <iterator>

namespace ringside::capi {

// Both ends must have the same: raised whenever a call's bytes change. Calls are only ever added at the end.
inline constexpr uint32_t kProtocolVersion = 2;

inline constexpr uint32_t kCallMark = 0x31435352; // "RSC1"
inline constexpr uint32_t kReplyMark = 0x31525352; // "RSR1"

struct Header {
    uint32_t mark = 0;
    uint16_t what = 0; // a CallCode, or a ringside_result
    uint16_t told = 0; // of a reply: callbacks at the payload's beginning
    uint64_t bytes = 0; // of the payload
};
static_assert(sizeof(Header) == 16);

// Of a request's buffer; and of a message, which may hold two of them and a few numbers.
inline constexpr uint64_t kBufferBytesMax = uint64_t { 1 } << 30;
inline constexpr uint64_t kMessageBytesMax = 2 * kBufferBytesMax + 65536;

// Name, which part of the server carries it out, and what is said of it when the machine's process dies in it.
#define RINGSIDE_CALLS(CALL)                                                                                           \
    CALL(Hello, life, "the first word")                                                                                \
    CALL(Boot, life, "booting")                                                                                        \
    CALL(Close, life, "closing the machine")                                                                           \
    CALL(Load, drivers, "loading a driver")                                                                            \
    CALL(LoadMemory, drivers, "loading a driver")                                                                      \
    CALL(Unload, drivers, "unloading a driver")                                                                        \
    CALL(DriverInfo, drivers, "looking at a driver")                                                                   \
    CALL(DriverImports, drivers, "looking at a driver")                                                                \
    CALL(SetRegistryValue, registry, "setting a registry value")                                                       \
    CALL(ImportRegistry, registry, "importing a .reg file")                                                            \
    CALL(ExportRegistry, registry, "exporting a key")                                                                  \
    CALL(LoadHive, registry, "loading a hive")                                                                         \
    CALL(SaveHive, registry, "saving a hive")                                                                          \
    CALL(ClientStart, clients, "starting a client process")                                                            \
    CALL(ClientEnd, clients, "ending a client process")                                                                \
    CALL(ClientRunning, clients, "looking at a client process")                                                        \
    CALL(Open, opens, "opening a file")                                                                                \
    CALL(FileClose, files, "closing a file")                                                                           \
    CALL(Ioctl, short_io, "a control code")                                                                            \
    CALL(IoctlWithBuffer, short_io, "a control code")                                                                  \
    CALL(Read, short_io, "reading")                                                                                    \
    CALL(Write, short_io, "writing")                                                                                   \
    CALL(StartIoctl, short_io, "starting a control code")                                                              \
    CALL(StartRead, short_io, "starting a read")                                                                       \
    CALL(StartWrite, short_io, "starting a write")                                                                     \
    CALL(RequestDone, requests, "looking at a request")                                                                \
    CALL(RequestCancel, requests, "cancelling a request")                                                              \
    CALL(RequestWait, requests, "waiting for a request")                                                               \
    CALL(RequestReply, requests, "looking at a request")                                                               \
    CALL(RequestClose, requests, "giving up a request")                                                                \
    CALL(Settle, machine, "settling")                                                                                  \
    CALL(RunFor, machine, "letting time pass")                                                                         \
    CALL(Crashed, machine, "looking at the machine")                                                                   \
    CALL(Devices, machine, "listing devices")                                                                          \
    CALL(Pending, machine, "listing requests")                                                                         \
    CALL(WhatIsLeft, machine, "looking what is left")                                                                  \
    CALL(LogLines, machine, "reading the event log")                                                                   \
    CALL(LogHash, machine, "reading the event log")                                                                    \
    CALL(Finish, machine, "finishing the run")                                                                         \
    CALL(OpenWith, opens, "opening a file")                                                                            \
    CALL(CreatePipe, opens, "creating a named pipe")                                                                   \
    CALL(CreateMailslot, opens, "creating a mailslot")                                                                 \
    CALL(DoIo, any_io, "a request")                                                                                    \
    CALL(StartIo, any_io, "starting a request")                                                                        \
    CALL(FileCancel, files, "cancelling requests")                                                                     \
    CALL(FileCancelAll, files, "cancelling requests")                                                                  \
    CALL(FileSkipNotification, files, "setting up a file")                                                             \
    CALL(FileSignalled, files, "looking at a file")                                                                    \
    CALL(RequestStatus, requests, "looking at a request")                                                              \
    CALL(RequestCancelEx, requests, "cancelling a request")                                                            \
    CALL(ThreadStart, threads, "starting a thread")                                                                    \
    CALL(ThreadFirst, threads, "looking at a client process")                                                          \
    CALL(ThreadRunning, threads, "looking at a thread")                                                                \
    CALL(ThreadBlocked, threads, "looking at a thread")                                                                \
    CALL(ThreadSleep, threads, "letting a thread sleep")                                                               \
    CALL(ThreadCancelIo, threads, "cancelling what a thread waits for")                                                \
    CALL(ThreadEnd, threads, "ending a thread")                                                                        \
    CALL(EventCreate, events, "making an event")                                                                       \
    CALL(EventValue, events, "looking at an event")                                                                    \
    CALL(EventSignalled, events, "looking at an event")                                                                \
    CALL(EventWait, events, "waiting for an event")                                                                    \
    CALL(EventSet, events, "setting an event")                                                                         \
    CALL(EventReset, events, "resetting an event")                                                                     \
    CALL(EventClose, events, "closing an event")                                                                       \
    CALL(PortCreate, ports, "making a completion port")                                                                \
    CALL(PortAssociate, ports, "giving a file a completion port")                                                      \
    CALL(PortGet, ports, "waiting at a completion port")                                                               \
    CALL(PortPost, ports, "posting a packet")                                                                          \
    CALL(PortWaiting, ports, "looking at a completion port")                                                           \
    CALL(PortClose, ports, "closing a completion port")                                                                \
    CALL(Shutdown, machine, "shutting down")

enum class CallCode : uint32_t {
#define RINGSIDE_CALL_NAME(name, part, words) name,
    RINGSIDE_CALLS(RINGSIDE_CALL_NAME)
#undef RINGSIDE_CALL_NAME
};

inline constexpr char const* kCallWords[] = {
#define RINGSIDE_CALL_WORDS(name, part, words) words,
    RINGSIDE_CALLS(RINGSIDE_CALL_WORDS)
#undef RINGSIDE_CALL_WORDS
};
inline constexpr uint32_t kCallCount = std::size(kCallWords);
static_assert(kCallCount < UINT16_MAX);

} // namespace ringside::capi
