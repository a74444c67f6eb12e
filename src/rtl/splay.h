// SPDX-License-Identifier: MIT
// Splay links: binary trees whose links stand at the start of the caller's nodes. The root's parent is itself. RtlSplay
// brings a node to the root; the other functions keep the order of the nodes, whatever shape results.
#pragma once

#include "nt/rtl.h"

namespace ringside::rtl {

inline bool is_root(RTL_SPLAY_LINKS const* links) { return links->Parent == links; }
inline bool is_left_child(RTL_SPLAY_LINKS const* links) { return links->Parent->LeftChild == links; }

RTL_SPLAY_LINKS* RtlSplay(RTL_SPLAY_LINKS* links);
// The root after removal, null for an empty tree. RtlDelete splays the removed node's parent.
RTL_SPLAY_LINKS* RtlDelete(RTL_SPLAY_LINKS* links);
void RtlDeleteNoSplay(RTL_SPLAY_LINKS* links, RTL_SPLAY_LINKS** root);

RTL_SPLAY_LINKS* RtlSubtreeSuccessor(RTL_SPLAY_LINKS* links);
RTL_SPLAY_LINKS* RtlSubtreePredecessor(RTL_SPLAY_LINKS* links);
RTL_SPLAY_LINKS* RtlRealSuccessor(RTL_SPLAY_LINKS* links);
RTL_SPLAY_LINKS* RtlRealPredecessor(RTL_SPLAY_LINKS* links);

} // namespace ringside::rtl
