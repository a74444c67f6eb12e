// SPDX-License-Identifier: MIT
#include "cm/registry.h"

#include "base/check.h"
#include "cm/objects.h"
#include "ke/kernel.h"
#include "ob/namespace.h"

#include <algorithm>
#include <cstring>

namespace ringside::cm {

using namespace nt;

Registry* g_registry = nullptr;

namespace {

constexpr size_t kComponentMax = 255;
constexpr std::u16string_view kRootPath = u"\\REGISTRY";

int64_t now() { return static_cast<int64_t>(ke::kernel().system_time()); }

bool same(std::u16string_view a, std::u16string_view b) { return ob::same_name(a, b, true); }

} // namespace

Key* Key::subkey(std::u16string_view wanted) const
{
    auto it = by_name.find(ob::upper_case(wanted));
    return it == by_name.end() ? nullptr : it->second;
}

Value* Key::value(std::u16string_view wanted) const
{
    for (auto const& value : values)
        if (same(value->name, wanted))
            return value.get();
    return nullptr;
}

Registry::Registry(Windows windows, unsigned processors) : m_windows(windows)
{
    CHECK(!g_registry, "one machine is live per process at a time");
    g_registry = this;
    m_root.name = kRootPath.substr(1);
    m_root.path = kRootPath;
    m_root.last_write = now();
    m_root.references = 1;
    make_skeleton(processors);
    m_objects = std::make_unique<KeyObjects>();
}

Registry::~Registry()
{
    m_objects.reset();
    g_registry = nullptr;
}

Key& Registry::add_subkey(Key& parent, std::u16string_view name, bool is_volatile)
{
    auto key = std::make_unique<Key>();
    key->name = name;
    key->path = parent.path + u"\\" + key->name;
    key->parent = &parent;
    key->is_volatile = is_volatile;
    key->last_write = parent.last_write = now();
    Key& made = *key;
    parent.by_name.emplace(ob::upper_case(name), &made);
    parent.subkeys.push_back(std::move(key));
    return made;
}

Result<Walked> Registry::walk(Key& from, std::u16string_view path, Missing missing, Links links, bool is_volatile)
{
    Key* at = &from;
    bool created = false;
    while (true) {
        path.remove_prefix(std::min(path.find_first_not_of(u'\\'), path.size()));
        if (at->deleted)
            return Failure { STATUS_KEY_DELETED };
        if (path.empty())
            return Walked { at, created };
        std::u16string_view const component = path.substr(0, path.find(u'\\'));
        path.remove_prefix(component.size());
        bool const is_last = path.find_first_not_of(u'\\') == path.npos;
        if (component.size() > kComponentMax)
            return Failure { STATUS_INVALID_PARAMETER };
        Key* next = at->subkey(component);
        created = !next;
        if (!next) {
            if (missing == Missing::Fail || (missing == Missing::CreateLast && !is_last))
                return Failure { STATUS_OBJECT_NAME_NOT_FOUND };
            if (at->is_volatile && !is_volatile)
                return Failure { STATUS_CHILD_MUST_BE_VOLATILE };
            next = &add_subkey(*at, component, is_volatile);
        }
        if (!next->link.empty() && !(is_last && links == Links::OpenLast)) {
            next = find(next->link);
            if (!next)
                return Failure { STATUS_OBJECT_NAME_NOT_FOUND };
        }
        at = next;
    }
}

Key* Registry::find(std::u16string_view path)
{
    if (path.size() < kRootPath.size() || !same(path.substr(0, kRootPath.size()), kRootPath))
        return nullptr;
    auto walked = walk(m_root, path.substr(kRootPath.size()), Missing::Fail);
    return walked.ok() ? walked->key : nullptr;
}

Result<Key*> Registry::try_make(std::u16string_view path)
{
    CHECK(path.size() >= kRootPath.size() && same(path.substr(0, kRootPath.size()), kRootPath),
          "an absolute registry path begins with \\Registry");
    auto const below = path.substr(kRootPath.size());
    auto walked = walk(m_root, below, Missing::CreateAll);
    if (walked.status() == STATUS_CHILD_MUST_BE_VOLATILE)
        walked = walk(m_root, below, Missing::CreateAll, Links::Follow, true);
    if (!walked.ok())
        return walked.failure();
    return walked->key;
}

Key& Registry::make(std::u16string_view path)
{
    auto made = try_make(path);
    CHECK(made.ok(), "a registry key could not be made");
    return **made;
}

void Registry::set_value(Key& key, std::u16string_view name, uint32_t type, std::span<uint8_t const> data)
{
    Value* value = key.value(name);
    if (!value) {
        key.values.push_back(std::make_unique<Value>());
        value = key.values.back().get();
        value->name = name;
        value->number = ++m_values_born;
    }
    value->type = type;
    value->data.assign(data.begin(), data.end());
    key.last_write = now();
}

void Registry::set_string(std::u16string_view path, std::u16string_view name, std::u16string_view text, uint32_t type)
{
    std::u16string terminated(text);
    terminated.push_back(u'\0');
    set_value(path, name, type,
              { reinterpret_cast<uint8_t const*>(terminated.data()), terminated.size() * sizeof(char16_t) });
}

void Registry::set_dword(std::u16string_view path, std::u16string_view name, uint32_t number)
{
    set_value(path, name, REG_DWORD, { reinterpret_cast<uint8_t const*>(&number), sizeof number });
}

bool Registry::delete_value(Key& key, std::u16string_view name)
{
    auto removed = std::erase_if(key.values, [&](auto const& value) { return same(value->name, name); });
    if (removed)
        key.last_write = now();
    return removed;
}

void Registry::take_out(Key& key)
{
    Key& parent = *key.parent;
    parent.last_write = now();
    parent.by_name.erase(ob::upper_case(key.name));
    auto it = std::ranges::find(parent.subkeys, &key, [](auto const& subkey) { return subkey.get(); });
    CHECK(it != parent.subkeys.end(), "a key is missing from its parent");
    std::unique_ptr<Key> held = std::move(*it);
    parent.subkeys.erase(it);
    key.values.clear();
    key.parent = nullptr;
    key.deleted = true;
    if (key.references)
        m_deleted.push_back(std::move(held));
}

Result<void> Registry::delete_key(Key& key)
{
    if (key.deleted)
        return Failure { STATUS_KEY_DELETED };
    bool const is_root = !key.parent || !key.parent->parent;
    if (is_root || !key.subkeys.empty())
        return Failure { STATUS_CANNOT_DELETE };
    take_out(key);
    return {};
}

void Registry::delete_tree(Key& key)
{
    while (!key.subkeys.empty())
        delete_tree(*key.subkeys.back());
    static_cast<void>(delete_key(key));
}

void Registry::dereference(Key& key)
{
    CHECK(key.references, "a key's references fell below zero");
    if (--key.references == 0 && key.deleted)
        std::erase_if(m_deleted, [&](auto const& held) { return held.get() == &key; });
}

std::u16string Registry::service_path(std::u16string_view name)
{
    return u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\" + std::u16string(name);
}

std::u16string Registry::make_service(std::u16string_view name, std::u16string_view image_path)
{
    std::u16string const path = service_path(name);
    set_dword(path, u"Type", SERVICE_KERNEL_DRIVER);
    set_dword(path, u"Start", SERVICE_DEMAND_START);
    set_dword(path, u"ErrorControl", SERVICE_ERROR_NORMAL);
    set_string(path, u"ImagePath", image_path, REG_EXPAND_SZ);
    make(path + u"\\Parameters");
    return path;
}

} // namespace ringside::cm
