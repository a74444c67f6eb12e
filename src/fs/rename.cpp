// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/ns-ntifs-_file_rename_information
#include "fs/file_system.h"
#include "fs/name.h"

namespace ringside::fs {

namespace {

// Whether somebody has the folder or anything below it open.
bool has_open_children(Node const& folder)
{
    for (auto const& [name, child] : folder.children)
        if (child->opens || has_open_children(*child))
            return true;
    return false;
}

bool is_at_or_below(Node const& node, Node const& above)
{
    for (Node const* at = &node; at; at = at->parent)
        if (at == &above)
            return true;
    return false;
}

Result<void> replace(Node& existing, bool posix, bool ignore_read_only)
{
    if (existing.folder || !existing.plain || (existing.read_only() && !ignore_read_only))
        return Failure { STATUS_ACCESS_DENIED };
    if (existing.opens && !posix)
        return Failure { STATUS_ACCESS_DENIED };
    existing.delete_pending = existing.opens != 0;
    return file_system().volume().unlink(existing);
}

} // namespace

Result<void> rename(Open& open, FILE_OBJECT* target, std::u16string_view name, bool replace_existing, bool posix,
                    bool ignore_read_only)
{
    Node& node = *open.node;
    if (node.is_root())
        return Failure { STATUS_INVALID_PARAMETER };
    if (node.unlinked || node.delete_pending)
        return Failure { STATUS_DELETE_PENDING };
    Node* parent = node.parent;
    if (target) {
        Open const* folder = file_system().find(target);
        if (!folder || !folder->node || !folder->node->folder)
            return Failure { STATUS_NOT_SAME_DEVICE };
        parent = folder->node;
    }
    if (!is_legal_name(name))
        return Failure { STATUS_OBJECT_NAME_INVALID };
    if (parent->unlinked || parent->delete_pending)
        return Failure { STATUS_DELETE_PENDING };
    if (node.folder && is_at_or_below(*parent, node))
        return Failure { STATUS_INVALID_PARAMETER };
    if (node.folder && has_open_children(node))
        return Failure { STATUS_ACCESS_DENIED };
    Volume& volume = file_system().volume();
    if (Node* existing = volume.child(*parent, name); existing && existing != &node) {
        if (!replace_existing)
            return Failure { STATUS_OBJECT_NAME_COLLISION };
        TRY(replace(*existing, posix, ignore_read_only));
    }
    return volume.rename(node, *parent, name);
}

} // namespace ringside::fs
