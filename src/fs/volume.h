// SPDX-License-Identifier: MIT
// The tree of files over a folder of the host. Folders are read when first looked into, and the machine is the only one
// to change them from then on. A volume keeps changes in memory, so that the next run begins with the same files; or it
// makes each change on the host, too, before it shows it.
//
// Names that no Windows volume can hold are not shown, nor is the second of two that differ only in case (by bytes the
// first one is). Time is the machine's: what stood there at boot carries the time of the boot.
#pragma once

#include "fs/node.h"

#include <deque>
#include <string_view>

namespace ringside::fs {

class Volume {
public:
    explicit Volume(std::unique_ptr<sim::HostFolder> folder);

    Node& root() { return m_root; }
    bool writes_through() const { return m_folder->writable(); }

    // Null: no such name. A folder that cannot be read is empty.
    Node* child(Node& folder, std::u16string_view name);
    // The folder's children by name.
    std::map<std::u16string, std::unique_ptr<Node>>& children(Node& folder);
    bool has_children(Node& folder);

    // The name is legal and new. STATUS_DISK_FULL and the host's refusals, as all changes below.
    Result<Node*> create(Node& parent, std::u16string_view name, bool folder, ULONG attributes);
    // Out of its folder; the node lives while it is open. A folder is empty.
    Result<void> unlink(Node& node);
    // A node of that name in the new folder has been unlinked, or is this node itself in another spelling.
    Result<void> rename(Node& node, Node& parent, std::u16string_view name);
    Result<void> resize(Node& node, uint64_t bytes);
    Result<void> write(Node& node, uint64_t at, std::span<std::byte const> bytes);
    Result<void> read(Node& node, uint64_t at, std::span<std::byte> into);
    Result<void> set_attributes(Node& node, ULONG attributes);
    Result<void> flush(Node& node);

    // Before a node's contents are used, and after its last file object went.
    Result<void> open_contents(Node& node);
    void closed(Node& node);

    int64_t now() const;
    void touch(Node& node); // its contents or name changed

    // Sizes that FileFsSizeInformation tells: fixed, less what was written since boot.
    static constexpr uint64_t kClusterBytes = 4096;
    static constexpr uint64_t kClusters = (uint64_t { 64 } << 30) / kClusterBytes;
    uint64_t free_clusters() const { return m_free_clusters; }

    std::string host_path(Node const& node) const;

private:
    void list(Node& folder);
    Node& adopt(Node& parent, std::unique_ptr<Node> node);
    bool take(uint64_t old_bytes, uint64_t new_bytes);

    std::unique_ptr<sim::HostFolder> m_folder;
    Node m_root;
    std::deque<std::unique_ptr<Node>> m_unlinked; // and still open
    Room m_room;
    uint64_t m_born = 0;
    uint64_t m_free_clusters = kClusters / 2;
};

} // namespace ringside::fs
