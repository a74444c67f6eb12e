// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntqueryinformationfile
#include "io/information.h"

#include "io/buffering.h"
#include "io/completion_port.h"
#include "io/file.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ob/object.h"

#include <cstring>

namespace ringside::io {

namespace {

IO_STATUS_BLOCK failed(NTSTATUS status)
{
    IO_STATUS_BLOCK block {};
    block.Status = status;
    return block;
}

// How a file object waits may change, but not whether it does.
IO_STATUS_BLOCK set_mode(FILE_OBJECT& file, void const* buffer, ULONG bytes, KPROCESSOR_MODE mode)
{
    if (bytes < sizeof(FILE_MODE_INFORMATION))
        return failed(STATUS_INFO_LENGTH_MISMATCH);
    if (!probe(buffer, bytes, mode))
        return failed(STATUS_ACCESS_VIOLATION);
    constexpr ULONG waits = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;
    ULONG const wanted = ob::get(static_cast<FILE_MODE_INFORMATION const*>(buffer)).Mode;
    ULONG const wait = wanted & waits;
    bool const synchronous = file.Flags & FO_SYNCHRONOUS_IO;
    if ((wanted & ~(FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | waits)) || wait == waits || synchronous != (wait != 0))
        return failed(STATUS_INVALID_PARAMETER);
    file.Flags &= ~(FO_WRITE_THROUGH | FO_SEQUENTIAL_ONLY | FO_ALERTABLE_IO);
    file.Flags |= (wanted & FILE_WRITE_THROUGH ? FO_WRITE_THROUGH : 0)
        | (wanted & FILE_SEQUENTIAL_ONLY ? FO_SEQUENTIAL_ONLY : 0)
        | (wait == FILE_SYNCHRONOUS_IO_ALERT ? FO_ALERTABLE_IO : 0);
    return {};
}

constexpr struct { ULONG mode, flag; } kSkips[] = {
    { FILE_SKIP_COMPLETION_PORT_ON_SUCCESS, FO_SKIP_COMPLETION_PORT },
    { FILE_SKIP_SET_EVENT_ON_HANDLE, FO_SKIP_SET_EVENT },
    { FILE_SKIP_SET_USER_EVENT_ON_FAST_IO, FO_SKIP_SET_FAST_IO },
};

ULONG skips_of(FILE_OBJECT const& file)
{
    ULONG modes = 0;
    for (auto const& [mode, flag] : kSkips)
        if (file.Flags & flag)
            modes |= mode;
    return modes;
}

// They add up, and are never taken back.
// @cite(win32): page=api/winbase/nf-winbase-setfilecompletionnotificationmodes
IO_STATUS_BLOCK set_skips(FILE_OBJECT& file, void const* buffer, ULONG bytes, KPROCESSOR_MODE mode)
{
    if (bytes < sizeof(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION))
        return failed(STATUS_INFO_LENGTH_MISMATCH);
    if (!probe(buffer, bytes, mode))
        return failed(STATUS_ACCESS_VIOLATION);
    ULONG const wanted = ob::get(static_cast<FILE_IO_COMPLETION_NOTIFICATION_INFORMATION const*>(buffer)).Flags;
    ULONG flags = 0, known = 0;
    for (auto const& [skip, flag] : kSkips) {
        known |= skip;
        flags |= wanted & skip ? flag : 0;
    }
    if (wanted & ~known)
        return failed(STATUS_INVALID_PARAMETER);
    file.Flags |= flags;
    return {};
}

IO_STATUS_BLOCK set_port(FILE_OBJECT& file, void const* buffer, ULONG bytes, KPROCESSOR_MODE mode, bool replace)
{
    if (bytes < sizeof(FILE_COMPLETION_INFORMATION))
        return failed(STATUS_INFO_LENGTH_MISMATCH);
    if (!probe(buffer, bytes, mode))
        return failed(STATUS_ACCESS_VIOLATION);
    auto const wanted = ob::get(static_cast<FILE_COMPLETION_INFORMATION const*>(buffer));
    return failed(replace ? replace_port(file, wanted.Port, wanted.Key, mode)
                          : associate(file, wanted.Port, wanted.Key, mode));
}

struct Answer {
    uint64_t value = 0;
    ULONG bytes = 0; // 0: not ours to answer
};

Answer answer_for(FILE_OBJECT& file, ACCESS_MASK granted, FILE_INFORMATION_CLASS information)
{
    switch (information) {
    case FilePositionInformation:
        // Of an asynchronous file object it means nothing, and the driver is asked.
        return file.Flags & FO_SYNCHRONOUS_IO
            ? Answer { static_cast<uint64_t>(file.CurrentByteOffset.QuadPart), sizeof(FILE_POSITION_INFORMATION) }
            : Answer {};
    case FileModeInformation:
        return { mode_of(file), sizeof(FILE_MODE_INFORMATION) };
    case FileAlignmentInformation:
        return { target_of(file)->AlignmentRequirement, sizeof(FILE_ALIGNMENT_INFORMATION) };
    case FileAccessInformation:
        return { granted, sizeof(FILE_ACCESS_INFORMATION) };
    case FileIoCompletionNotificationInformation:
        return { skips_of(file), sizeof(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION) };
    default:
        return {};
    }
}

} // namespace

ULONG mode_of(FILE_OBJECT const& file)
{
    ULONG mode = 0;
    if (file.Flags & FO_WRITE_THROUGH)
        mode |= FILE_WRITE_THROUGH;
    if (file.Flags & FO_SEQUENTIAL_ONLY)
        mode |= FILE_SEQUENTIAL_ONLY;
    if (file.Flags & FO_NO_INTERMEDIATE_BUFFERING)
        mode |= FILE_NO_INTERMEDIATE_BUFFERING;
    if (file.Flags & FO_SYNCHRONOUS_IO)
        mode |= file.Flags & FO_ALERTABLE_IO ? FILE_SYNCHRONOUS_IO_ALERT : FILE_SYNCHRONOUS_IO_NONALERT;
    if (file.Flags & FO_DELETE_ON_CLOSE)
        mode |= FILE_DELETE_ON_CLOSE;
    return mode;
}

std::optional<IO_STATUS_BLOCK> answer_query(HANDLE handle, void* buffer, ULONG bytes,
                                            FILE_INFORMATION_CLASS information, KPROCESSOR_MODE mode)
{
    auto target = ob::resolve_handle(ob::current_process(), handle, mode);
    if (!target.ok() || target->type != &ob::file_type)
        return failed(target.ok() ? STATUS_OBJECT_TYPE_MISMATCH : target.status());
    Answer const answer = answer_for(*static_cast<FILE_OBJECT*>(target->body), target->granted, information);
    if (!answer.bytes)
        return std::nullopt;
    if (bytes < answer.bytes)
        return failed(STATUS_INFO_LENGTH_MISMATCH);
    if (!probe(buffer, bytes, mode))
        return failed(STATUS_ACCESS_VIOLATION);
    ke::copy_or_raise(buffer, &answer.value, answer.bytes);
    IO_STATUS_BLOCK done {};
    done.Information = answer.bytes;
    return done;
}

std::optional<IO_STATUS_BLOCK> answer_set(HANDLE handle, void const* buffer, ULONG bytes,
                                          FILE_INFORMATION_CLASS information, KPROCESSOR_MODE mode)
{
    auto target = ob::resolve_handle(ob::current_process(), handle, mode);
    if (!target.ok() || target->type != &ob::file_type)
        return failed(target.ok() ? STATUS_OBJECT_TYPE_MISMATCH : target.status());
    auto& file = *static_cast<FILE_OBJECT*>(target->body);
    if (information == FileModeInformation)
        return set_mode(file, buffer, bytes, mode);
    if (information == FileIoCompletionNotificationInformation)
        return set_skips(file, buffer, bytes, mode);
    if (information == FileCompletionInformation || information == FileReplaceCompletionInformation)
        return set_port(file, buffer, bytes, mode, information == FileReplaceCompletionInformation);
    if (information != FilePositionInformation || !(file.Flags & FO_SYNCHRONOUS_IO))
        return std::nullopt;
    if (bytes < sizeof(FILE_POSITION_INFORMATION))
        return failed(STATUS_INFO_LENGTH_MISMATCH);
    if (!probe(buffer, bytes, mode))
        return failed(STATUS_ACCESS_VIOLATION);
    auto const position = ob::get(static_cast<FILE_POSITION_INFORMATION const*>(buffer)).CurrentByteOffset;
    if (position.QuadPart < 0)
        return failed(STATUS_INVALID_PARAMETER);
    file.CurrentByteOffset = position;
    return IO_STATUS_BLOCK {};
}

} // namespace ringside::io
