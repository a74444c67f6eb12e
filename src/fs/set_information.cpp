// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-ntsetinformationfile
// @cite(wdk-docs): page=ifs/irp-mj-set-information
#include "fs/name.h"
#include "fs/reply.h"
#include "io/irp.h"

namespace ringside::fs {

namespace {

constexpr ULONG kSettable = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM
    | FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_TEMPORARY | FILE_ATTRIBUTE_OFFLINE | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;
constexpr ULONG kDispositionFlags = FILE_DISPOSITION_DELETE | FILE_DISPOSITION_POSIX_SEMANTICS
    | FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK | FILE_DISPOSITION_ON_CLOSE
    | FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE;

// Times: 0 leaves one as it is, -1 stops its updating through this handle, -2 starts it again.
Outcome set_basic(Open& open, FILE_BASIC_INFORMATION const& basic)
{
    Node& node = *open.node;
    struct {
        int64_t given;
        int64_t& kept;
    } const times[] = {
        { basic.CreationTime.QuadPart, node.times.created },
        { basic.LastAccessTime.QuadPart, node.times.accessed },
        { basic.LastWriteTime.QuadPart, node.times.written },
        { basic.ChangeTime.QuadPart, node.times.changed },
    };
    for (auto const& time : times)
        if (time.given < -2)
            return { STATUS_INVALID_PARAMETER };
    ULONG const given = basic.FileAttributes;
    if (!node.folder && (given & FILE_ATTRIBUTE_DIRECTORY))
        return { STATUS_INVALID_PARAMETER };
    if (node.folder && (given & FILE_ATTRIBUTE_TEMPORARY))
        return { STATUS_INVALID_PARAMETER };
    if (given)
        if (auto set = file_system().volume().set_attributes(node, given & kSettable); !set.ok())
            return { set.status() };
    for (auto const& time : times)
        if (time.given > 0)
            time.kept = time.given;
    if (basic.LastWriteTime.QuadPart)
        open.keep_written = basic.LastWriteTime.QuadPart != -2;
    if (basic.ChangeTime.QuadPart == 0)
        node.times.changed = file_system().volume().now();
    return {};
}

Outcome set_end_of_file(Open& open, int64_t bytes, bool only_advance)
{
    Node& node = *open.node;
    if (node.folder)
        return { STATUS_INVALID_DEVICE_REQUEST };
    if (bytes < 0)
        return { STATUS_INVALID_PARAMETER };
    if (only_advance)
        return {}; // the lazy writer's: what is written is valid here at once
    if (auto allowed = check_resize(node, static_cast<uint64_t>(bytes)); !allowed.ok())
        return { allowed.status() };
    uint64_t const before = node.bytes();
    if (auto resized = file_system().volume().resize(node, static_cast<uint64_t>(bytes)); !resized.ok())
        return { resized.status() };
    if (node.bytes() != before)
        file_system().volume().touch(node);
    open.file->Flags |= FO_FILE_MODIFIED | FO_FILE_SIZE_CHANGED;
    show_sizes(node);
    return {};
}

// Room is not kept in advance; less room than the file has bytes cuts it off.
Outcome set_allocation(Open& open, int64_t bytes)
{
    if (open.node->folder)
        return { STATUS_INVALID_DEVICE_REQUEST };
    if (bytes < 0)
        return { STATUS_INVALID_PARAMETER };
    uint64_t const wanted = static_cast<uint64_t>(bytes), has = open.node->bytes();
    if (wanted < has)
        return set_end_of_file(open, bytes, false);
    uint64_t const free = file_system().volume().free_clusters() * Volume::kClusterBytes;
    return { wanted - has > free ? STATUS_DISK_FULL : STATUS_SUCCESS };
}

Outcome set_disposition(Open& open, ULONG flags)
{
    if (flags & ~kDispositionFlags)
        return { STATUS_INVALID_PARAMETER };
    Node& node = *open.node;
    bool const remove = flags & FILE_DISPOSITION_DELETE;
    if (flags & FILE_DISPOSITION_ON_CLOSE) {
        // Of a handle opened with FILE_DELETE_ON_CLOSE only.
        if (!open.delete_on_close && !(open.file->Flags & FO_DELETE_ON_CLOSE))
            return { STATUS_NOT_SUPPORTED };
        open.delete_on_close = remove;
        return {};
    }
    if (!remove) {
        node.delete_pending = false;
        open.posix_delete = false;
        open.file->DeletePending = FALSE;
        return {};
    }
    if (node.unlinked)
        return {};
    if (auto allowed = check_delete(node, flags & FILE_DISPOSITION_IGNORE_READONLY_ATTRIBUTE); !allowed.ok())
        return { allowed.status() };
    // POSIX semantics take the name alone, and what shows the file goes on.
    if (is_mapped(node)
        && (!(flags & FILE_DISPOSITION_POSIX_SEMANTICS) || flags & FILE_DISPOSITION_FORCE_IMAGE_SECTION_CHECK))
        return { STATUS_CANNOT_DELETE };
    node.delete_pending = true;
    open.posix_delete = flags & FILE_DISPOSITION_POSIX_SEMANTICS;
    open.file->DeletePending = TRUE;
    return {};
}

Outcome set_rename(Open& open, IRP* irp, IO_STACK_LOCATION& location, bool extended)
{
    auto const& parameters = location.Parameters.SetFile;
    constexpr ULONG fixed = offsetof(FILE_RENAME_INFORMATION, FileName);
    auto const* given = static_cast<FILE_RENAME_INFORMATION const*>(irp->AssociatedIrp.SystemBuffer);
    auto const header = argument<FILE_RENAME_INFORMATION>(given, parameters.Length);
    if (!header)
        return { STATUS_INFO_LENGTH_MISMATCH };
    if (header->FileNameLength > parameters.Length - fixed || header->FileNameLength % sizeof(char16_t))
        return { STATUS_INVALID_PARAMETER };
    ULONG const flags = extended ? header->Flags : header->ReplaceIfExists ? FILE_RENAME_REPLACE_IF_EXISTS : 0;
    // With a target folder its file object holds the new name: IopOpenLinkOrRenameTarget's part is the I/O manager's.
    FILE_OBJECT* const target = parameters.FileObject;
    std::u16string name;
    if (target)
        name.assign(target->FileName.Buffer, target->FileName.Length / sizeof(char16_t));
    else {
        name.resize(header->FileNameLength / sizeof(char16_t));
        if (!copy_caller(name.data(), given->FileName, header->FileNameLength))
            return { STATUS_INVALID_USER_BUFFER };
    }
    return outcome(rename(open, target, name, flags & FILE_RENAME_REPLACE_IF_EXISTS,
                          flags & FILE_RENAME_POSIX_SEMANTICS, flags & FILE_RENAME_IGNORE_READONLY_ATTRIBUTE));
}

template <typename T, typename Set>
Outcome with(IRP* irp, ULONG bytes, Set set)
{
    auto const given = argument<T>(irp->AssociatedIrp.SystemBuffer, bytes);
    return given ? set(*given) : Outcome { STATUS_INFO_LENGTH_MISMATCH };
}

} // namespace

Result<void> check_delete(Node& node, bool ignore_read_only)
{
    if (node.is_root() || (node.read_only() && !node.folder && !ignore_read_only))
        return Failure { STATUS_CANNOT_DELETE };
    if (node.folder && file_system().volume().has_children(node))
        return Failure { STATUS_DIRECTORY_NOT_EMPTY };
    return {};
}

Outcome set_information(IRP* irp, IO_STACK_LOCATION& location)
{
    auto opened = live(location.FileObject);
    if (!opened.ok())
        return { opened.status() };
    Open& open = **opened;
    auto const& parameters = location.Parameters.SetFile;
    ULONG const bytes = parameters.Length;
    switch (parameters.FileInformationClass) {
    case FileBasicInformation:
        return with<FILE_BASIC_INFORMATION>(irp, bytes, [&](auto const& basic) { return set_basic(open, basic); });
    case FilePositionInformation:
        return with<FILE_POSITION_INFORMATION>(irp, bytes, [&](auto const& position) {
            if (position.CurrentByteOffset.QuadPart < 0)
                return Outcome { STATUS_INVALID_PARAMETER };
            open.file->CurrentByteOffset = position.CurrentByteOffset;
            return Outcome {};
        });
    case FileEndOfFileInformation:
        return with<FILE_END_OF_FILE_INFORMATION>(irp, bytes, [&](auto const& end) {
            return set_end_of_file(open, end.EndOfFile.QuadPart, parameters.AdvanceOnly);
        });
    case FileAllocationInformation:
        return with<FILE_ALLOCATION_INFORMATION>(irp, bytes, [&](auto const& allocation) {
            return set_allocation(open, allocation.AllocationSize.QuadPart);
        });
    case FileDispositionInformation:
        return with<FILE_DISPOSITION_INFORMATION>(irp, bytes, [&](auto const& disposition) {
            return set_disposition(open, disposition.DeleteFile ? FILE_DISPOSITION_DELETE : 0);
        });
    case FileDispositionInformationEx:
        return with<FILE_DISPOSITION_INFORMATION_EX>(
            irp, bytes, [&](auto const& disposition) { return set_disposition(open, disposition.Flags); });
    case FileRenameInformation:
        return set_rename(open, irp, location, false);
    case FileRenameInformationEx:
        return set_rename(open, irp, location, true);
    case FileLinkInformation:
    case FileLinkInformationEx:
        return { STATUS_INVALID_DEVICE_REQUEST }; // no hard links
    default:
        return { STATUS_INVALID_PARAMETER };
    }
}

} // namespace ringside::fs
