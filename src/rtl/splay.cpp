// SPDX-License-Identifier: MIT
// Splay trees.
#include "rtl/splay.h"

namespace ringside::rtl {

namespace {

using Node = RTL_SPLAY_LINKS;

// The link that leads to `node`, and null for a root.
Node** link_to(Node* node)
{
    if (is_root(node))
        return nullptr;
    return is_left_child(node) ? &node->Parent->LeftChild : &node->Parent->RightChild;
}

// `child` takes the place of `node` below node's parent, or becomes a root.
void replace(Node* node, Node* child)
{
    if (Node** link = link_to(node)) {
        *link = child;
        if (child)
            child->Parent = node->Parent;
    } else if (child)
        child->Parent = child;
}

void rotate_up(Node* node)
{
    Node* parent = node->Parent;
    bool left = is_left_child(node);
    Node*& inner = left ? node->RightChild : node->LeftChild;
    replace(parent, node);
    (left ? parent->LeftChild : parent->RightChild) = inner;
    if (inner)
        inner->Parent = parent;
    inner = parent;
    parent->Parent = node;
}

// Exchanges the places of a node with two children and its predecessor, which has no right child.
void exchange_with_predecessor(Node* node)
{
    Node* predecessor = RtlSubtreePredecessor(node);
    Node* below = predecessor->LeftChild;
    bool adjacent = predecessor->Parent == node;
    Node* parent = predecessor->Parent;

    replace(node, predecessor);
    predecessor->RightChild = node->RightChild;
    predecessor->RightChild->Parent = predecessor;
    if (adjacent) {
        predecessor->LeftChild = node;
        node->Parent = predecessor;
    } else {
        predecessor->LeftChild = node->LeftChild;
        predecessor->LeftChild->Parent = predecessor;
        parent->RightChild = node;
        node->Parent = parent;
    }
    node->LeftChild = below;
    node->RightChild = nullptr;
    if (below)
        below->Parent = node;
}

// Takes `node` out and returns what then stands in its place; `parent` is what it hung from, null for a root.
Node* take_out(Node* node, Node*& parent)
{
    if (node->LeftChild && node->RightChild)
        exchange_with_predecessor(node);
    Node* child = node->LeftChild ? node->LeftChild : node->RightChild;
    parent = is_root(node) ? nullptr : node->Parent;
    replace(node, child);
    return child;
}

} // namespace

Node* RtlSplay(Node* links)
{
    while (!is_root(links)) {
        Node* parent = links->Parent;
        if (!is_root(parent))
            rotate_up(is_left_child(parent) == is_left_child(links) ? parent : links);
        rotate_up(links);
    }
    return links;
}

Node* RtlDelete(Node* links)
{
    Node* parent;
    Node* child = take_out(links, parent);
    return parent ? RtlSplay(parent) : child;
}

void RtlDeleteNoSplay(Node* links, Node** root)
{
    Node* parent;
    Node* child = take_out(links, parent);
    Node* top = parent ? parent : child;
    while (top && !is_root(top))
        top = top->Parent;
    *root = top;
}

Node* RtlSubtreeSuccessor(Node* links)
{
    Node* node = links->RightChild;
    while (node && node->LeftChild)
        node = node->LeftChild;
    return node;
}

Node* RtlSubtreePredecessor(Node* links)
{
    Node* node = links->LeftChild;
    while (node && node->RightChild)
        node = node->RightChild;
    return node;
}

Node* RtlRealSuccessor(Node* links)
{
    if (links->RightChild)
        return RtlSubtreeSuccessor(links);
    while (!is_root(links) && !is_left_child(links))
        links = links->Parent;
    return is_root(links) ? nullptr : links->Parent;
}

Node* RtlRealPredecessor(Node* links)
{
    if (links->LeftChild)
        return RtlSubtreePredecessor(links);
    while (!is_root(links) && is_left_child(links))
        links = links->Parent;
    return is_root(links) ? nullptr : links->Parent;
}

} // namespace ringside::rtl
