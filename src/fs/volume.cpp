// SPDX-License-Identifier: MIT
#include "fs/volume.h"

#include "base/check.h"
#include "fs/name.h"
#include "ke/kernel.h"
#include "mm/memory.h"
#include "rtl/multi_byte.h"

#include <algorithm>

namespace ringside::fs {

namespace {

Result<void> told(sim::HostError error)
{
    if (error != sim::HostError::None)
        return Failure { status_of(error) };
    return {};
}

uint64_t clusters(uint64_t bytes) { return (bytes + Volume::kClusterBytes - 1) / Volume::kClusterBytes; }

} // namespace

ULONG Node::shown_attributes() const
{
    ULONG const shown
        = attributes | (folder ? FILE_ATTRIBUTE_DIRECTORY : 0) | (plain ? 0 : FILE_ATTRIBUTE_REPARSE_POINT);
    return shown ? shown : FILE_ATTRIBUTE_NORMAL;
}

Volume::Volume(std::unique_ptr<sim::HostFolder> folder)
    : m_folder(std::move(folder))
{
    m_root.id = ++m_born;
    m_root.folder = true;
    m_root.has_base = true;
    int64_t const boot = static_cast<int64_t>(ke::Kernel::kBootSystemTime);
    m_root.times = { boot, boot, boot, boot };
}

int64_t Volume::now() const { return static_cast<int64_t>(ke::kernel().system_time()); }

void Volume::touch(Node& node)
{
    node.times.written = node.times.changed = now();
    if (!node.folder)
        node.attributes |= FILE_ATTRIBUTE_ARCHIVE;
}

std::string Volume::host_path(Node const& node) const
{
    if (!writes_through())
        return node.base_path;
    std::string path;
    for (Node const* at = &node; at->parent; at = at->parent)
        path = path.empty() ? at->host_name : at->host_name + "/" + path;
    return path;
}

void Volume::list(Node& folder)
{
    if (folder.listed || !folder.folder || !folder.has_base)
        return;
    folder.listed = true;
    std::string const path = host_path(folder);
    std::vector<sim::HostEntry> entries;
    if (m_folder->list(path, entries) != sim::HostError::None)
        return;
    for (sim::HostEntry const& entry : entries) {
        auto name = rtl::utf16(entry.name);
        // Ill-formed UTF-8 has no name on Windows; what does not come back the same was ill-formed.
        if (!is_legal_name(name) || rtl::utf8(name) != entry.name)
            continue;
        if (folder.children.contains(upper_case(name)))
            continue;
        auto node = std::make_unique<Node>();
        node->host_name = entry.name;
        node->name = std::move(name);
        node->folder = entry.kind == sim::HostEntry::Kind::Folder;
        node->plain = entry.kind != sim::HostEntry::Kind::Other;
        node->attributes = (node->folder ? 0 : FILE_ATTRIBUTE_ARCHIVE) | (entry.writable ? 0 : FILE_ATTRIBUTE_READONLY);
        node->times = m_root.times;
        node->has_base = true;
        node->base_path = path.empty() ? entry.name : path + "/" + entry.name;
        node->contents = Contents(entry.bytes);
        if (writes_through())
            node->contents.write_through();
        adopt(folder, std::move(node));
    }
}

Node& Volume::adopt(Node& parent, std::unique_ptr<Node> node)
{
    node->parent = &parent;
    if (!node->id)
        node->id = ++m_born;
    auto key = upper_case(node->name);
    return *parent.children.emplace(std::move(key), std::move(node)).first->second;
}

Node* Volume::child(Node& folder, std::u16string_view name)
{
    list(folder);
    auto const found = folder.children.find(upper_case(name));
    return found == folder.children.end() ? nullptr : found->second.get();
}

std::map<std::u16string, std::unique_ptr<Node>>& Volume::children(Node& folder)
{
    list(folder);
    return folder.children;
}

bool Volume::has_children(Node& folder) { return !children(folder).empty(); }

Result<Node*> Volume::create(Node& parent, std::u16string_view name, bool folder, ULONG attributes)
{
    list(parent);
    auto node = std::make_unique<Node>();
    node->name = name;
    node->host_name = rtl::utf8(node->name);
    node->folder = folder;
    node->attributes = attributes;
    if (writes_through()) {
        std::string const above = host_path(parent);
        std::string const path = above.empty() ? node->host_name : above + "/" + node->host_name;
        TRY(told(folder ? m_folder->create_folder(path) : m_folder->create_file(path)));
        node->has_base = true;
        node->contents.write_through();
        if (attributes & FILE_ATTRIBUTE_READONLY)
            (void)m_folder->set_writable(path, false);
    }
    node->listed = folder;
    int64_t const time = now();
    node->times = { time, time, time, time };
    Node& made = adopt(parent, std::move(node));
    touch(parent);
    return &made;
}

Result<void> Volume::unlink(Node& node)
{
    CHECK(node.parent, "the root, or an unlinked file");
    if (writes_through())
        TRY(told(node.folder ? m_folder->remove_folder(host_path(node)) : m_folder->remove_file(host_path(node))));
    Node& parent = *node.parent;
    auto const place = parent.children.find(upper_case(node.name));
    CHECK(place != parent.children.end() && place->second.get() == &node, "a file is not in its folder");
    take(node.bytes(), 0);
    std::unique_ptr<Node> held = std::move(place->second);
    parent.children.erase(place);
    touch(parent);
    node.unlinked = true;
    node.parent = nullptr;
    if (node.opens)
        m_unlinked.push_back(std::move(held));
    else
        node.contents.release(m_room);
    return {};
}

Result<void> Volume::rename(Node& node, Node& parent, std::u16string_view name)
{
    CHECK(node.parent, "the root, or an unlinked file");
    std::u16string const new_name(name);
    std::string const new_host_name = rtl::utf8(new_name);
    list(parent);
    if (writes_through()) {
        std::string const above = host_path(parent);
        TRY(told(m_folder->rename(host_path(node), above.empty() ? new_host_name : above + "/" + new_host_name)));
    }
    Node& old_parent = *node.parent;
    auto const place = old_parent.children.find(upper_case(node.name));
    CHECK(place != old_parent.children.end() && place->second.get() == &node, "a file is not in its folder");
    std::unique_ptr<Node> held = std::move(place->second);
    old_parent.children.erase(place);
    held->name = new_name;
    held->host_name = new_host_name;
    CHECK(!parent.children.contains(upper_case(new_name)), "the name is taken");
    Node& moved = adopt(parent, std::move(held));
    moved.times.changed = now();
    if (!moved.folder)
        moved.attributes |= FILE_ATTRIBUTE_ARCHIVE;
    touch(old_parent);
    touch(parent);
    return {};
}

// Whether the volume has room for a file that grows so.
bool Volume::take(uint64_t old_bytes, uint64_t new_bytes)
{
    uint64_t const before = clusters(old_bytes), after = clusters(new_bytes);
    if (after > before && after - before > m_free_clusters)
        return false;
    m_free_clusters = std::min(kClusters, m_free_clusters + before - after);
    return true;
}

Result<void> Volume::open_contents(Node& node)
{
    if (node.folder || node.contents.has_file() || !node.contents.needs_file())
        return {};
    sim::HostError error = sim::HostError::None;
    auto file = m_folder->open_file(host_path(node), error);
    if (!file)
        return Failure { status_of(error) };
    node.contents.set_file(std::move(file));
    return {};
}

Result<void> Volume::resize(Node& node, uint64_t bytes)
{
    uint64_t const before = node.contents.size();
    if (bytes == before)
        return {};
    TRY(open_contents(node));
    if (!node.unlinked && !take(before, bytes))
        return Failure { STATUS_DISK_FULL };
    if (auto resized = node.contents.resize(bytes); !resized.ok()) {
        if (!node.unlinked)
            take(bytes, before);
        return resized.failure();
    }
    // What a view wrote behind the file's end does not become part of it.
    if (bytes > before && before % kPageBytes && node.guest) {
        std::array<std::byte, kPageBytes> const zeros {};
        uint64_t const added = std::min(bytes - before, kPageBytes - before % kPageBytes);
        mm::memory().sections.write_shown(&node.guest->sections, before, { zeros.data(), added });
    }
    return {};
}

Result<void> Volume::write(Node& node, uint64_t at, std::span<std::byte const> bytes)
{
    TRY(open_contents(node));
    return node.contents.write(at, bytes, m_room);
}

Result<void> Volume::read(Node& node, uint64_t at, std::span<std::byte> into)
{
    TRY(open_contents(node));
    return node.contents.read(at, into);
}

Result<void> Volume::set_attributes(Node& node, ULONG attributes)
{
    bool const was_read_only = node.read_only();
    bool const read_only = attributes & FILE_ATTRIBUTE_READONLY;
    if (writes_through() && was_read_only != read_only && !node.folder)
        TRY(told(m_folder->set_writable(host_path(node), !read_only)));
    node.attributes = attributes;
    return {};
}

Result<void> Volume::flush(Node& node)
{
    if (writes_through() && node.contents.file())
        return told(node.contents.file()->flush());
    return {};
}

void Volume::closed(Node& node)
{
    node.contents.drop_file();
    if (!node.unlinked)
        return;
    node.contents.release(m_room);
    std::erase_if(m_unlinked, [&](auto const& held) { return held.get() == &node; });
}

} // namespace ringside::fs
