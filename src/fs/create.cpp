// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=ifs/irp-mj-create
// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatefile
// Names are looked up without case, whatever OBJ_CASE_INSENSITIVE says: Windows' usual setting (obcaseinsensitive) has
// the same effect.
#include "fs/file_system.h"
#include "fs/name.h"
#include "io/share_access.h"

#include <algorithm>
#include <cstring>

namespace ringside::fs {

namespace {

constexpr ULONG kSettable = FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM
    | FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_TEMPORARY | FILE_ATTRIBUTE_OFFLINE | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED;

struct Wanted {
    FILE_OBJECT& file;
    ULONG disposition;
    ULONG options;
    ULONG attributes;
    ACCESS_MASK access;
    ULONG share;
    uint64_t allocation;
    bool target_folder; // SL_OPEN_TARGET_DIRECTORY

    bool option(ULONG one) const { return options & one; }
    bool overwrites() const
    {
        return disposition == FILE_SUPERSEDE || disposition == FILE_OVERWRITE || disposition == FILE_OVERWRITE_IF;
    }
};

// Where a path leads.
struct Place {
    Node* folder = nullptr;    // that holds the last component; null: the path is the root's or the related file's
    std::u16string_view last;
    Node* node = nullptr;      // null: there is none
    bool trailing_backslash = false;
};

Result<void> check_names(std::u16string_view path)
{
    if (path == u"\\")
        return {};
    for (std::u16string_view rest = path; !rest.empty();)
        if (!is_legal_name(next_component(rest)))
            return Failure { STATUS_OBJECT_NAME_INVALID };
    return {};
}

Result<Node*> step_into(Node& folder, std::u16string_view name)
{
    Node* next = file_system().volume().child(folder, name);
    if (!next || (next->plain && !next->folder))
        return Failure { STATUS_OBJECT_PATH_NOT_FOUND };
    if (!next->plain)
        return Failure { STATUS_IO_REPARSE_TAG_NOT_HANDLED };
    if (next->delete_pending)
        return Failure { STATUS_DELETE_PENDING };
    return next;
}

// `path` is relative to `start` when it does not begin with a backslash; an empty one names `start` itself.
Result<Place> find(Node& start, std::u16string_view path)
{
    Place place;
    if (path.size() > 1 && path.back() == u'\\') {
        place.trailing_backslash = true;
        path.remove_suffix(1);
    }
    TRY(check_names(path));
    if (path.empty() || path == u"\\") {
        place.node = &start;
        return place;
    }
    Node* at = &start;
    for (std::u16string_view rest = path;;) {
        std::u16string_view const name = next_component(rest);
        if (rest.empty()) {
            place.folder = at;
            place.last = name;
            place.node = file_system().volume().child(*at, name);
            return place;
        }
        at = TRY(step_into(*at, name));
    }
}

Result<void> check_share(Wanted const& wanted, Node& node)
{
    // Overwriting needs what the caller did not ask for: others must share that, too.
    ACCESS_MASK const added = wanted.disposition == FILE_SUPERSEDE ? DELETE : wanted.overwrites() ? FILE_WRITE_DATA : 0;
    if (added & ~wanted.access)
        if (NTSTATUS const status
            = io::IoCheckShareAccess(wanted.access | added, wanted.share, &wanted.file, &node.share, FALSE);
            !NT_SUCCESS(status))
            return Failure { status };
    NTSTATUS const status = io::IoCheckShareAccess(wanted.access, wanted.share, &wanted.file, &node.share, TRUE);
    if (!NT_SUCCESS(status))
        return Failure { status };
    return {};
}

// Ends an open that all checks have passed.
Outcome finish(Wanted const& wanted, Node& node, ULONG_PTR information)
{
    if (!node.folder)
        if (auto contents = file_system().volume().open_contents(node); !contents.ok()) {
            io::IoRemoveShareAccess(&wanted.file, &node.share);
            return { contents.status() };
        }
    auto added = file_system().add(wanted.file, &node);
    if (!added.ok()) {
        io::IoRemoveShareAccess(&wanted.file, &node.share);
        return { added.status() };
    }
    if (wanted.option(FILE_DELETE_ON_CLOSE)) {
        (*added)->delete_on_close = true;
        wanted.file.Flags |= FO_DELETE_ON_CLOSE;
    }
    if (!node.folder && !wanted.option(FILE_NO_INTERMEDIATE_BUFFERING))
        wanted.file.Flags |= FO_CACHE_SUPPORTED;
    return { STATUS_SUCCESS, information };
}

Outcome open_folder(Wanted const& wanted, Node& node)
{
    if (wanted.option(FILE_NON_DIRECTORY_FILE))
        return { STATUS_FILE_IS_A_DIRECTORY };
    if (wanted.overwrites())
        return { STATUS_OBJECT_NAME_COLLISION, FILE_EXISTS };
    if (wanted.option(FILE_DELETE_ON_CLOSE) && node.is_root())
        return { STATUS_CANNOT_DELETE };
    if (auto shared = check_share(wanted, node); !shared.ok())
        return { shared.status() };
    return finish(wanted, node, FILE_OPENED);
}

Outcome overwrite(Wanted const& wanted, Node& node)
{
    Volume& volume = file_system().volume();
    if (auto emptied = volume.resize(node, 0); !emptied.ok()) {
        io::IoRemoveShareAccess(&wanted.file, &node.share);
        return { emptied.status() };
    }
    ULONG const kept = wanted.disposition == FILE_SUPERSEDE ? 0 : node.attributes;
    if (auto set = volume.set_attributes(node, (wanted.attributes & kSettable) | kept | FILE_ATTRIBUTE_ARCHIVE);
        !set.ok()) {
        io::IoRemoveShareAccess(&wanted.file, &node.share);
        return { set.status() };
    }
    volume.touch(node);
    return finish(wanted, node, wanted.disposition == FILE_SUPERSEDE ? FILE_SUPERSEDED : FILE_OVERWRITTEN);
}

Outcome open_file(Wanted const& wanted, Node& node, bool trailing_backslash)
{
    if (wanted.option(FILE_DIRECTORY_FILE))
        return { STATUS_NOT_A_DIRECTORY };
    if (trailing_backslash)
        return { STATUS_OBJECT_NAME_INVALID };
    constexpr ACCESS_MASK writes = FILE_WRITE_DATA | FILE_APPEND_DATA;
    if (node.read_only() && ((wanted.access & writes) || wanted.overwrites()))
        return { STATUS_ACCESS_DENIED };
    if ((node.read_only() || is_mapped(node)) && wanted.option(FILE_DELETE_ON_CLOSE))
        return { STATUS_CANNOT_DELETE };
    // A hidden or system file is overwritten only by who knows that it is one.
    ULONG const special = node.attributes & (FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM);
    if (wanted.overwrites() && (special & ~wanted.attributes))
        return { STATUS_ACCESS_DENIED };
    if (wanted.overwrites() && is_mapped(node))
        return { STATUS_USER_MAPPED_FILE };
    if (auto shared = check_share(wanted, node); !shared.ok())
        return { shared.status() };
    return wanted.overwrites() ? overwrite(wanted, node) : finish(wanted, node, FILE_OPENED);
}

Outcome open_existing(Wanted const& wanted, Place const& place)
{
    Node& node = *place.node;
    if (node.delete_pending)
        return { STATUS_DELETE_PENDING };
    if (wanted.disposition == FILE_CREATE)
        return { STATUS_OBJECT_NAME_COLLISION, FILE_EXISTS };
    if (!node.plain)
        return { wanted.option(FILE_OPEN_REPARSE_POINT) ? STATUS_ACCESS_DENIED : STATUS_IO_REPARSE_TAG_NOT_HANDLED };
    return node.folder ? open_folder(wanted, node) : open_file(wanted, node, place.trailing_backslash);
}

Outcome create_new(Wanted const& wanted, Place const& place)
{
    if (wanted.disposition == FILE_OPEN || wanted.disposition == FILE_OVERWRITE)
        return { STATUS_OBJECT_NAME_NOT_FOUND, FILE_DOES_NOT_EXIST };
    bool const folder = wanted.option(FILE_DIRECTORY_FILE);
    if (place.trailing_backslash && !folder)
        return { STATUS_OBJECT_NAME_INVALID };
    if (!place.folder->folder)
        return { STATUS_OBJECT_PATH_NOT_FOUND };
    if (place.folder->delete_pending || place.folder->unlinked)
        return { STATUS_DELETE_PENDING };
    if (folder && (wanted.attributes & FILE_ATTRIBUTE_TEMPORARY))
        return { STATUS_INVALID_PARAMETER };
    if (!folder && (wanted.attributes & FILE_ATTRIBUTE_READONLY) && wanted.option(FILE_DELETE_ON_CLOSE))
        return { STATUS_CANNOT_DELETE };
    Volume& volume = file_system().volume();
    if (wanted.allocation / Volume::kClusterBytes > volume.free_clusters())
        return { STATUS_DISK_FULL };
    auto made = volume.create(*place.folder, place.last, folder,
                              (wanted.attributes & kSettable) | (folder ? 0 : FILE_ATTRIBUTE_ARCHIVE));
    if (!made.ok())
        return { made.status() };
    Node& node = **made;
    io::IoSetShareAccess(wanted.access, wanted.share, &wanted.file, &node.share);
    Outcome const opened = finish(wanted, node, FILE_CREATED);
    if (!NT_SUCCESS(opened.status))
        (void)volume.unlink(node);
    return opened;
}

Outcome open_volume(Wanted const& wanted)
{
    if (wanted.option(FILE_DIRECTORY_FILE))
        return { STATUS_NOT_A_DIRECTORY };
    if (wanted.option(FILE_DELETE_ON_CLOSE))
        return { STATUS_CANNOT_DELETE };
    if (wanted.disposition != FILE_OPEN && wanted.disposition != FILE_OPEN_IF)
        return { STATUS_ACCESS_DENIED };
    auto added = file_system().add(wanted.file, nullptr);
    return { added.status(), added.ok() ? FILE_OPENED : 0 };
}

// A rename's or a link's new folder: the file object is left with the last component for its name.
Outcome open_target_folder(Wanted const& wanted, Place const& place)
{
    if (!place.folder)
        return { STATUS_OBJECT_NAME_INVALID };
    Node& folder = *place.folder;
    if (!folder.folder)
        return { STATUS_OBJECT_PATH_NOT_FOUND };
    if (folder.delete_pending)
        return { STATUS_DELETE_PENDING };
    if (auto shared = check_share(wanted, folder); !shared.ok())
        return { shared.status() };
    std::u16string const last(place.last);
    Outcome const opened = finish(wanted, folder, place.node ? FILE_EXISTS : FILE_DOES_NOT_EXIST);
    if (NT_SUCCESS(opened.status)) {
        // The whole path stands in this buffer: its last component fits.
        std::memcpy(wanted.file.FileName.Buffer, last.data(), last.size() * sizeof(char16_t));
        wanted.file.FileName.Length = static_cast<USHORT>(last.size() * sizeof(char16_t));
    }
    return opened;
}

Outcome open_by_path(Wanted const& wanted, Node& start, std::u16string_view path)
{
    auto place = find(start, path);
    if (!place.ok())
        return { place.status() };
    if (wanted.target_folder)
        return open_target_folder(wanted, *place);
    return place->node ? open_existing(wanted, *place) : create_new(wanted, *place);
}

} // namespace

Outcome create(IRP* irp, IO_STACK_LOCATION& location)
{
    FILE_OBJECT* const file = location.FileObject;
    auto const& parameters = location.Parameters.Create;
    if (!file || !parameters.SecurityContext)
        return { STATUS_INVALID_PARAMETER };
    Wanted const wanted { *file,
                          parameters.Options >> 24,
                          parameters.Options & FILE_VALID_OPTION_FLAGS,
                          parameters.FileAttributes,
                          parameters.SecurityContext->DesiredAccess,
                          parameters.ShareAccess,
                          static_cast<uint64_t>(std::max<int64_t>(irp->Overlay.AllocationSize.QuadPart, 0)),
                          (location.Flags & SL_OPEN_TARGET_DIRECTORY) != 0 };
    if (wanted.option(FILE_OPEN_BY_FILE_ID))
        return { STATUS_NOT_IMPLEMENTED };
    if (parameters.EaLength)
        return { STATUS_EAS_NOT_SUPPORTED };
    if (location.Flags & SL_OPEN_PAGING_FILE)
        return { STATUS_ACCESS_DENIED };
    // Of a UNICODE_STRING that drivers above may have changed.
    std::u16string const path(file->FileName.Buffer,
                              file->FileName.Buffer ? file->FileName.Length / sizeof(char16_t) : 0);
    if (!file->RelatedFileObject) {
        if (path.empty())
            return open_volume(wanted);
        if (path.front() != u'\\')
            return { STATUS_OBJECT_NAME_INVALID };
        return open_by_path(wanted, file_system().volume().root(), path);
    }
    Open const* related = file_system().find(file->RelatedFileObject);
    if (!related || !related->node)
        return { STATUS_INVALID_PARAMETER };
    if (!path.empty() && path.front() == u'\\')
        return { STATUS_OBJECT_NAME_INVALID };
    if (!path.empty() && !related->node->folder)
        return { STATUS_OBJECT_PATH_NOT_FOUND };
    return open_by_path(wanted, *related->node, path);
}

Outcome cleanup(IO_STACK_LOCATION& location)
{
    Open* const open = file_system().find(location.FileObject);
    if (!open || open->cleaned_up)
        return { STATUS_SUCCESS };
    open->cleaned_up = true;
    if (!open->node)
        return { STATUS_SUCCESS };
    Node& node = *open->node;
    Volume& volume = file_system().volume();
    node.locks.unlock_all(open->file, nullptr, nullptr);
    io::IoRemoveShareAccess(open->file, &node.share);
    --node.handles;
    if (open->delete_on_close && check_delete(node, true).ok())
        node.delete_pending = true;
    // A folder that got a child meanwhile, or a file that the host does not give up, stays.
    if (node.delete_pending && !node.unlinked && (node.handles == 0 || open->posix_delete)
        && (volume.has_children(node) || !volume.unlink(node).ok()))
        node.delete_pending = false;
    return { STATUS_SUCCESS };
}

Outcome close(IO_STACK_LOCATION& location)
{
    if (Open* const open = file_system().find(location.FileObject)) {
        location.FileObject->FsContext = nullptr;
        location.FileObject->FsContext2 = nullptr;
        location.FileObject->SectionObjectPointer = nullptr;
        file_system().remove(*open);
    }
    return { STATUS_SUCCESS };
}

} // namespace ringside::fs
