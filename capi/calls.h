// SPDX-License-Identifier: MIT
// What the C face's library and the machine's process say to each other: one call, one reply, in turn, over a socket.
// The library speaks first. The machine in the caller's own process is asked with the same bytes.
//
//   call    header { "RSC1", call,   bytes }  payload: the call's arguments
//   reply   header { "RSR1", result, bytes }  payload: the call's results, or the sentence if result is not RINGSIDE_OK
//
// Numbers are little-endian; text and bytes have their length before them (wire.h). Names of objects are numbers that
// the server gave out, in the order of birth.
#pragma once

#include <cstdint>
#include <iterator>

namespace ringside::capi {

// Both ends must have the same: raised whenever a call's bytes change. Calls are only ever added at the end.
inline constexpr uint32_t kProtocolVersion = 1;

inline constexpr uint32_t kCallMark = 0x31435352; // "RSC1"
inline constexpr uint32_t kReplyMark = 0x31525352; // "RSR1"

struct Header {
    uint32_t mark = 0;
    uint32_t what = 0; // a CallCode, or a ringside_result
    uint64_t bytes = 0; // of the payload
};
static_assert(sizeof(Header) == 16);

// Of a request's buffer; and of a message, which may hold two of them and a few numbers.
inline constexpr uint64_t kBufferBytesMax = uint64_t { 1 } << 30;
inline constexpr uint64_t kMessageBytesMax = 2 * kBufferBytesMax + 65536;

// Name, and what is said of it when the machine's process dies in it.
#define RINGSIDE_CALLS(CALL)                                                                                           \
    CALL(Hello, "the first word")                                                                                      \
    CALL(Boot, "booting")                                                                                              \
    CALL(Close, "closing the machine")                                                                                 \
    CALL(Load, "loading a driver")                                                                                     \
    CALL(LoadMemory, "loading a driver")                                                                               \
    CALL(Unload, "unloading a driver")                                                                                 \
    CALL(DriverInfo, "looking at a driver")                                                                            \
    CALL(DriverImports, "looking at a driver")                                                                         \
    CALL(SetRegistryValue, "setting a registry value")                                                                 \
    CALL(ImportRegistry, "importing a .reg file")                                                                      \
    CALL(ExportRegistry, "exporting a key")                                                                            \
    CALL(LoadHive, "loading a hive")                                                                                   \
    CALL(SaveHive, "saving a hive")                                                                                    \
    CALL(ClientStart, "starting a client process")                                                                     \
    CALL(ClientEnd, "ending a client process")                                                                         \
    CALL(ClientRunning, "looking at a client process")                                                                 \
    CALL(Open, "opening a file")                                                                                       \
    CALL(FileClose, "closing a file")                                                                                  \
    CALL(Ioctl, "a control code")                                                                                      \
    CALL(IoctlWithBuffer, "a control code")                                                                            \
    CALL(Read, "reading")                                                                                              \
    CALL(Write, "writing")                                                                                             \
    CALL(StartIoctl, "starting a control code")                                                                        \
    CALL(StartRead, "starting a read")                                                                                 \
    CALL(StartWrite, "starting a write")                                                                               \
    CALL(RequestDone, "looking at a request")                                                                          \
    CALL(RequestCancel, "cancelling a request")                                                                        \
    CALL(RequestWait, "waiting for a request")                                                                         \
    CALL(RequestReply, "looking at a request")                                                                         \
    CALL(RequestClose, "giving up a request")                                                                          \
    CALL(Settle, "settling")                                                                                           \
    CALL(RunFor, "letting time pass")                                                                                  \
    CALL(Crashed, "looking at the machine")                                                                            \
    CALL(Devices, "listing devices")                                                                                   \
    CALL(Pending, "listing requests")                                                                                  \
    CALL(WhatIsLeft, "looking what is left")                                                                           \
    CALL(LogLines, "reading the event log")                                                                            \
    CALL(LogHash, "reading the event log")                                                                             \
    CALL(Finish, "finishing the run")

enum class CallCode : uint32_t {
#define RINGSIDE_CALL_NAME(name, words) name,
    RINGSIDE_CALLS(RINGSIDE_CALL_NAME)
#undef RINGSIDE_CALL_NAME
};

inline constexpr char const* kCallWords[] = {
#define RINGSIDE_CALL_WORDS(name, words) words,
    RINGSIDE_CALLS(RINGSIDE_CALL_WORDS)
#undef RINGSIDE_CALL_WORDS
};
inline constexpr uint32_t kCallCount = std::size(kCallWords);

} // namespace ringside::capi
