// SPDX-License-Identifier: MIT
#include "cm/hive.h"

#include "cm/reg_text.h"
#include "ob/namespace.h"

#include <algorithm>
#include <utility>

namespace ringside::cm {

using namespace nt;

namespace {

void fill(Registry& registry, Key& key, HiveKey const& from)
{
    for (HiveValue const& value : from.values)
        static_cast<void>(registry.set_value(key, value.name, value.type, value.data));
}

// The descriptors that differ from what the key above hands down, in pool; by key. Null where they do not.
class Descriptors {
public:
    // False when pool is empty.
    bool make(Key const& root, std::vector<HiveKey> const& keys);
    ~Descriptors() { std::ranges::for_each(m_blocks, release_descriptor); }
    // From here on the key's.
    void* take(size_t index) { return std::exchange(m_blocks[index], nullptr); }

private:
    std::vector<void*> m_blocks;
};

bool Descriptors::make(Key const& root, std::vector<HiveKey> const& keys)
{
    Inheritance inheritance;
    std::vector<DescriptorBytes const*> whole(keys.size());
    DescriptorBytes const above = root.parent ? descriptor_of(*root.parent) : DescriptorBytes();
    m_blocks.resize(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
        DescriptorBytes const& inherited = inheritance.below(i ? *whole[keys[i].parent] : above);
        whole[i] = keys[i].security ? keys[i].security.get() : &inherited;
        if (*whole[i] == inherited)
            continue;
        auto block = descriptor_in_pool(*whole[i]);
        if (!block.ok())
            return false;
        m_blocks[i] = *block;
    }
    return true;
}

} // namespace

std::optional<std::string> attach_hive(Registry& registry, std::u16string_view path, std::vector<HiveKey>& keys)
{
    bool const was_there = registry.find(path, Links::OpenLast);
    auto made = registry.try_make(path);
    if (!made.ok())
        return "the key " + printable(path) + " cannot be made";
    Key& root = **made;
    // A key that was made for the hive goes with it.
    auto refused = [&](std::string words) {
        if (!was_there)
            static_cast<void>(registry.delete_key(root));
        return words;
    };
    if (!root.parent || !root.parent->parent)
        return refused("the key " + printable(path) + " is no place for a hive");
    unsigned level = 0, deepest = 0;
    for (Key const* at = &root; at; at = at->parent)
        ++level;
    for (HiveKey const& key : keys)
        deepest = std::max(deepest, key.level);
    if (level + deepest > 512)
        return refused("the hive's keys would stand at more than 512 levels");
    Descriptors descriptors;
    if (!descriptors.make(root, keys))
        return refused(std::string(kNoPool));
    registry.delete_contents(root);
    root.class_name = keys[0].class_name;
    release_descriptor(std::exchange(root.security, descriptors.take(0)));
    fill(registry, root, keys[0]);
    std::vector<Key*> places { &root };
    for (size_t i = 1; i < keys.size(); ++i) {
        HiveKey const& from = keys[i];
        Key& parent = *places[from.parent];
        Key& key = registry.add_subkey(parent, from.name, root.is_volatile, from.class_name);
        key.is_link = from.is_link;
        key.security = descriptors.take(i);
        fill(registry, key, from);
        places.push_back(&key);
    }
    // Making a key touches its parent: the times come last.
    for (size_t i = 0; i < keys.size(); ++i)
        places[i]->last_write = keys[i].written;
    if (registry.changed)
        registry.changed(root, REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET);
    if (ob::same_name(root.path(), u"\\REGISTRY\\MACHINE\\SYSTEM", true))
        registry.link_current_control_set();
    return std::nullopt;
}

std::optional<std::string> load_hive(Registry& registry, std::u16string_view path, std::span<uint8_t const> bytes)
{
    std::string error;
    std::vector<HiveKey> keys = read_hive(bytes, error);
    if (keys.empty())
        return error;
    return attach_hive(registry, path, keys);
}

} // namespace ringside::cm
