// SPDX-License-Identifier: MIT
// The registry's way to files: room io's own services, called as the kernel calls them.
#include "machine/hive_files.h"

#include "base/check.h"
#include "cm/hive_files.h"
#include "io/ddi.h"
#include "ob/capture.h"
#include "ob/ddi.h"

#include <string_view>

namespace ringside::machine {

using namespace nt;

namespace {

template <typename... A>
NTSTATUS call(char const* service, A... arguments)
{
    for (Ddi const& row : io::file_rows())
        if (std::string_view(row.name) == service) {
            uint64_t slots[] = { contract::to_slot(arguments)... };
            return static_cast<NTSTATUS>(row.body.invoke(slots));
        }
    CHECK(false, "room io has lost a file service");
    __builtin_unreachable();
}

// A handle that was opened for asynchronous I/O is signalled when its request is done.
NTSTATUS waited(NTSTATUS status, HANDLE file, IO_STATUS_BLOCK const& block)
{
    if (status != STATUS_PENDING)
        return status;
    ob::ZwWaitForSingleObject(file, FALSE, nullptr);
    return block.Status;
}

NTSTATUS open(OBJECT_ATTRIBUTES* attributes, HANDLE* handle)
{
    OBJECT_ATTRIBUTES given = ob::get(attributes);
    given.Attributes |= OBJ_KERNEL_HANDLE;
    IO_STATUS_BLOCK block {};
    return call("ZwOpenFile", handle, ULONG { FILE_READ_DATA | SYNCHRONIZE }, &given, &block, ULONG { FILE_SHARE_READ },
                ULONG { FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE });
}

NTSTATUS read(HANDLE file, void* into, ULONG bytes, uint64_t offset, ULONG* done)
{
    LARGE_INTEGER at { .QuadPart = static_cast<int64_t>(offset) };
    IO_STATUS_BLOCK block {};
    NTSTATUS const status = waited(call("ZwReadFile", file, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr),
                                        &block, into, bytes, &at, static_cast<ULONG*>(nullptr)),
                                   file, block);
    *done = NT_SUCCESS(status) ? static_cast<ULONG>(block.Information) : 0;
    return status;
}

NTSTATUS write(HANDLE file, void const* from, ULONG bytes, uint64_t offset)
{
    LARGE_INTEGER at { .QuadPart = static_cast<int64_t>(offset) };
    IO_STATUS_BLOCK block {};
    return waited(call("ZwWriteFile", file, HANDLE {}, PIO_APC_ROUTINE {}, static_cast<void*>(nullptr), &block,
                       const_cast<void*>(from), bytes, &at, static_cast<ULONG*>(nullptr)),
                  file, block);
}

} // namespace

void connect_hive_files() { cm::g_hive_files = { open, read, write }; }
void disconnect_hive_files() { cm::g_hive_files = {}; }

} // namespace ringside::machine
