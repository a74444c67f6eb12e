// SPDX-License-Identifier: MIT
// The balanced tree below RTL_AVL_TABLE. A node's balance is the height of its right subtree minus that of its left
// one, -1 to 1. The table's BalancedRoot is no element: the tree hangs from its right child, so that every real node
// has a parent and rotations need no special case at the top.
//
//   A1  |balance| <= 1 at every node, and it is the difference of the subtrees' heights
//   A2  table->DepthOfTree is the height of the tree
#pragma once

#include "nt/rtl.h"

namespace ringside::rtl::avl {

using Node = RTL_BALANCED_LINKS;

// Hangs a new node below `parent` (BalancedRoot for an empty tree) and restores A1, A2.
void insert(RTL_AVL_TABLE& table, Node& node, Node& parent, bool as_left);
void remove(RTL_AVL_TABLE& table, Node& node);

// In order; null before the first and behind the last.
Node* first(RTL_AVL_TABLE& table);
Node* next(RTL_AVL_TABLE& table, Node& node);
Node* previous(RTL_AVL_TABLE& table, Node& node);

} // namespace ringside::rtl::avl
