// SPDX-License-Identifier: MIT
// Files as sections see them. Pages of a view come from the volume and go back to it here and not through IRPs: they are
// moved where no driver can be called, when a process' addresses go.
// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatesection
#include "fs/file_system.h"
#include "mm/file_data.h"
#include "mm/memory.h"
#include "ob/object.h"

namespace ringside::fs {

namespace {

class MappedFile final : public mm::FileData {
public:
    MappedFile(FILE_OBJECT& file, Node& node)
        : m_file(file)
        , m_node(node)
    {
        ob::reference(&file);
    }

    SECTION_OBJECT_POINTERS* pointers() const override { return &m_node.guest->sections; }
    uint64_t bytes() const override { return m_node.bytes(); }
    Result<void> grow(uint64_t bytes) override
    {
        TRY(file_system().volume().resize(m_node, bytes));
        file_system().volume().touch(m_node);
        show_sizes(m_node);
        return {};
    }
    Result<void> read(uint64_t at, std::span<std::byte> into) override
    {
        return file_system().volume().read(m_node, at, into);
    }
    Result<void> write(uint64_t at, std::span<std::byte const> bytes) override
    {
        TRY(file_system().volume().write(m_node, at, bytes));
        file_system().volume().touch(m_node);
        return {};
    }
    // Its IRP_MJ_CLOSE runs drivers: on a thread of its own.
    void close() override { ob::dereference_deferred(&m_file); }

private:
    FILE_OBJECT& m_file;
    Node& m_node; // lives while the file object does
};

} // namespace

Result<std::unique_ptr<mm::FileData>> file_data(FILE_OBJECT* file)
{
    Open* const open = file_system().find(file);
    if (!open || !open->node || open->node->folder || open->cleaned_up)
        return Failure { STATUS_INVALID_FILE_FOR_SECTION };
    if (!open->node->locks.empty())
        return Failure { STATUS_FILE_LOCK_CONFLICT };
    return std::unique_ptr<mm::FileData>(std::make_unique<MappedFile>(*file, *open->node));
}

SECTION_OBJECT_POINTERS const* sections_of(Node const& node) { return node.guest ? &node.guest->sections : nullptr; }

bool is_mapped(Node const& node) { return node.guest && mm::memory().sections.is_mapped(sections_of(node)); }

Result<void> check_resize(Node const& node, uint64_t bytes)
{
    if (bytes < node.bytes() && node.guest && !mm::memory().sections.may_resize(sections_of(node), bytes))
        return Failure { STATUS_USER_MAPPED_FILE };
    return {};
}

} // namespace ringside::fs
