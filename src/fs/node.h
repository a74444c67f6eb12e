// SPDX-License-Identifier: MIT
// A file or folder of the volume, once somebody has looked at it.
//
//              open: IRP_MJ_CREATE        last handle           last reference
//   closed <-------------------------> open ---------> cleaned up ------------> closed, or gone when unlinked
//                                              |
//                                              | delete pending: unlinked here, the name is free again
//
// Invariants
//   N1  handles <= opens; a node that is unlinked lives while opens != 0
//   N2  children are known only of folders that were listed
#pragma once

#include "fs/contents.h"
#include "fs/locks.h"
#include "nt/fsrtl.h"
#include "nt/nt.h"

#include <string>

namespace ringside::fs {

using namespace nt;

// What FILE_OBJECT.FsContext points at.
struct GuestFcb {
    FSRTL_ADVANCED_FCB_HEADER header;
    SECTION_OBJECT_POINTERS sections;
    FAST_MUTEX fast_mutex;
};

struct Times {
    int64_t created, accessed, written, changed;
};

struct Node {
    uint64_t id = 0; // of birth, from 1: the file's index number
    Node* parent = nullptr; // null: the root, or unlinked
    std::u16string name;
    std::string host_name;
    bool folder = false;
    bool plain = true; // false: a link, pipe or device of the host
    bool listed = false;
    bool unlinked = false;
    bool delete_pending = false;
    ULONG attributes = 0; // without FILE_ATTRIBUTE_DIRECTORY and FILE_ATTRIBUTE_NORMAL
    Times times {};
    std::map<std::u16string, std::unique_ptr<Node>> children; // by name in upper case
    std::string base_path; // on the host, of a node that stood there at first; "" for the root
    bool has_base = false;
    Contents contents;
    Locks locks;
    SHARE_ACCESS share {};
    uint32_t opens = 0;   // file objects
    uint32_t handles = 0; // of them, not cleaned up yet
    GuestFcb* guest = nullptr; // while it is open

    bool is_root() const { return !parent && !unlinked; }
    bool read_only() const { return attributes & FILE_ATTRIBUTE_READONLY; }
    ULONG shown_attributes() const;
    uint64_t bytes() const { return folder ? 0 : contents.size(); }
};

} // namespace ringside::fs
