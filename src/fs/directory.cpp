// SPDX-License-Identifier: MIT
// Listing a folder: "." and ".." (not in the root), then the names in the order of their upper case, as NTFS has them.
// @cite(wdk-ddi): page=ntifs/nf-ntifs-zwquerydirectoryfile
// @cite(wdk-docs): page=ifs/irp-mj-directory-control
#include "fs/name.h"
#include "fs/reply.h"
#include "io/irp.h"
#include "nt/directory_information.h"
#include "rtl/file_name.h"

#include <vector>

namespace ringside::fs {

namespace {

struct Shape {
    FILE_INFORMATION_CLASS information;
    size_t fixed; // bytes before the name
};
constexpr Shape kShapes[] = {
    { FileDirectoryInformation, offsetof(FILE_DIRECTORY_INFORMATION, FileName) },
    { FileFullDirectoryInformation, offsetof(FILE_FULL_DIR_INFORMATION, FileName) },
    { FileIdFullDirectoryInformation, offsetof(FILE_ID_FULL_DIR_INFORMATION, FileName) },
    { FileBothDirectoryInformation, offsetof(FILE_BOTH_DIR_INFORMATION, FileName) },
    { FileIdBothDirectoryInformation, offsetof(FILE_ID_BOTH_DIR_INFORMATION, FileName) },
    { FileIdExtdDirectoryInformation, offsetof(FILE_ID_EXTD_DIR_INFORMATION, FileName) },
    { FileIdExtdBothDirectoryInformation, offsetof(FILE_ID_EXTD_BOTH_DIR_INFORMATION, FileName) },
    { FileNamesInformation, offsetof(FILE_NAMES_INFORMATION, FileName) },
};

// The fields that all but FILE_NAMES_INFORMATION begin with; no 8.3 name, no extended attributes.
template <typename T>
T entry_of(Node const& node)
{
    T entry {};
    if constexpr (requires { entry.CreationTime; }) {
        entry.CreationTime.QuadPart = node.times.created;
        entry.LastAccessTime.QuadPart = node.times.accessed;
        entry.LastWriteTime.QuadPart = node.times.written;
        entry.ChangeTime.QuadPart = node.times.changed;
        entry.EndOfFile = large(node.bytes());
        entry.AllocationSize = large(allocation_of(node));
        entry.FileAttributes = node.shown_attributes();
    }
    if constexpr (requires { entry.FileId.Identifier; })
        std::memcpy(entry.FileId.Identifier, &node.id, sizeof node.id);
    else if constexpr (requires { entry.FileId; })
        entry.FileId = large(node.id);
    return entry;
}

template <typename T>
void put(std::byte* to, Node const& node, std::u16string_view name)
{
    T entry = entry_of<T>(node);
    entry.FileNameLength = name_bytes(name);
    std::memcpy(to, &entry, offsetof(T, FileName));
}

void put_fixed(std::byte* to, FILE_INFORMATION_CLASS information, Node const& node, std::u16string_view name)
{
    switch (information) {
    case FileDirectoryInformation:
        return put<FILE_DIRECTORY_INFORMATION>(to, node, name);
    case FileFullDirectoryInformation:
        return put<FILE_FULL_DIR_INFORMATION>(to, node, name);
    case FileIdFullDirectoryInformation:
        return put<FILE_ID_FULL_DIR_INFORMATION>(to, node, name);
    case FileBothDirectoryInformation:
        return put<FILE_BOTH_DIR_INFORMATION>(to, node, name);
    case FileIdBothDirectoryInformation:
        return put<FILE_ID_BOTH_DIR_INFORMATION>(to, node, name);
    case FileIdExtdDirectoryInformation:
        return put<FILE_ID_EXTD_DIR_INFORMATION>(to, node, name);
    case FileIdExtdBothDirectoryInformation:
        return put<FILE_ID_EXTD_BOTH_DIR_INFORMATION>(to, node, name);
    default:
        return put<FILE_NAMES_INFORMATION>(to, node, name);
    }
}

// The next name of an enumeration, and how to go on behind it.
struct Next {
    Node* node = nullptr;
    std::u16string name;
    uint8_t dots_told = 0;
    std::u16string last_told;
};

bool matches(Open const& open, std::u16string_view name)
{
    return open.pattern->empty() || rtl::is_in_expression(*open.pattern, name, true);
}

Next next_of(Open const& open)
{
    Node& folder = *open.node;
    Next next { nullptr, {}, open.dots_told, open.last_told };
    constexpr std::u16string_view dots[] = { u".", u".." };
    if (!folder.is_root() && !folder.unlinked)
        while (next.dots_told < 2) {
            std::u16string_view const name = dots[next.dots_told++];
            if (!matches(open, name))
                continue;
            next.node = name.size() == 1 ? &folder : folder.parent;
            next.name = name;
            return next;
        }
    auto& children = file_system().volume().children(folder);
    for (auto it = open.last_told.empty() ? children.begin() : children.upper_bound(open.last_told);
         it != children.end(); ++it) {
        if (!matches(open, it->second->name))
            continue;
        next.node = it->second.get();
        next.name = next.node->name;
        next.last_told = it->first;
        return next;
    }
    return next;
}

void go_behind(Open& open, Next&& next)
{
    open.dots_told = next.dots_told;
    open.last_told = std::move(next.last_told);
}

// What the first call for a handle says holds for all; a restart may bring another expression.
Result<bool> begin(Open& open, UNICODE_STRING const* expression, bool restart)
{
    bool const first = !open.pattern.has_value();
    if (first || restart) {
        open.dots_told = 0;
        open.last_told.clear();
    }
    if (first || (restart && expression && expression->Length)) {
        std::u16string pattern;
        if (expression && expression->Length) {
            pattern.resize(expression->Length / sizeof(char16_t));
            if (!copy_caller(pattern.data(), expression->Buffer, expression->Length))
                return Failure { STATUS_INVALID_PARAMETER };
        }
        if (!pattern.empty() && !has_wildcards(pattern) && pattern != u"." && pattern != u".."
            && !is_legal_name(pattern))
            return Failure { STATUS_OBJECT_NAME_INVALID };
        open.pattern = upper_case(pattern);
        if (open.pattern == u"*")
            open.pattern->clear();
    }
    return first || restart;
}

// Gathers entries for a buffer of this size; `fresh`: the first call, or a restart.
NTSTATUS gather(std::vector<std::byte>& filled, Open& open, IO_STACK_LOCATION const& location, size_t fixed, bool fresh)
{
    auto const& parameters = location.Parameters.QueryDirectory;
    bool const single = location.Flags & SL_RETURN_SINGLE_ENTRY;
    size_t last = 0; // of the last entry, in `filled`
    do {
        Next next = next_of(open);
        if (!next.node) {
            if (filled.empty())
                return fresh ? STATUS_NO_SUCH_FILE : STATUS_NO_MORE_FILES;
            break;
        }
        size_t const at = (filled.size() + 7) & ~size_t { 7 };
        size_t const name = name_bytes(next.name);
        bool const fits = at + fixed + name <= parameters.Length;
        if (!fits && (!filled.empty() || !fresh))
            break; // it is told by the next call; of a later call that tells nothing the caller sees no bytes
        size_t const given = fits ? name : (parameters.Length - fixed) & ~size_t { 1 };
        filled.resize(at + fixed + given);
        put_fixed(filled.data() + at, parameters.FileInformationClass, *next.node, next.name);
        std::memcpy(filled.data() + at + fixed, next.name.data(), given);
        if (at) {
            ULONG const distance = static_cast<ULONG>(at - last);
            std::memcpy(filled.data() + last, &distance, sizeof distance); // NextEntryOffset
        }
        last = at;
        if (!fits)
            return STATUS_BUFFER_OVERFLOW;
        go_behind(open, std::move(next));
    } while (!single);
    return STATUS_SUCCESS;
}

Outcome list(IRP* irp, IO_STACK_LOCATION& location, Open& open, size_t fixed)
{
    auto const& parameters = location.Parameters.QueryDirectory;
    auto const fresh = begin(open, parameters.FileName, location.Flags & SL_RESTART_SCAN);
    if (!fresh.ok())
        return { fresh.status() };
    if (parameters.Length < fixed)
        return { STATUS_BUFFER_TOO_SMALL };
    void* const buffer = transfer_buffer(irp);
    if (irp->MdlAddress && !buffer)
        return { STATUS_INSUFFICIENT_RESOURCES };
    // The machine's, for a bad address of the caller's may end it here.
    std::vector<std::byte>& filled = file_system().listing;
    filled.clear();
    NTSTATUS const status = gather(filled, open, location, fixed, fresh.value());
    if (!NT_ERROR(status) && !copy_caller(buffer, filled.data(), filled.size()))
        return { STATUS_INVALID_USER_BUFFER };
    return { status, filled.size() };
}

} // namespace

Outcome directory_control(IRP* irp, IO_STACK_LOCATION& location)
{
    if (location.MinorFunction != IRP_MN_QUERY_DIRECTORY)
        return { STATUS_INVALID_DEVICE_REQUEST };
    auto opened = live(location.FileObject);
    if (!opened.ok())
        return { opened.status() };
    Open& open = **opened;
    if (!open.node->folder)
        return { STATUS_INVALID_PARAMETER };
    for (Shape const& shape : kShapes)
        if (shape.information == location.Parameters.QueryDirectory.FileInformationClass)
            return list(irp, location, open, shape.fixed);
    return { STATUS_INVALID_INFO_CLASS };
}

} // namespace ringside::fs
