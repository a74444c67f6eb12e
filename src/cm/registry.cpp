// SPDX-License-Identifier: MIT
#include "cm/registry.h"

#include "base/check.h"
#include "cm/callbacks.h"
#include "cm/objects.h"
#include "ke/kernel.h"
#include "ob/namespace.h"

#include <algorithm>
#include <cstring>

namespace ringside::cm {

using namespace nt;

Registry* g_registry = nullptr;

namespace {

constexpr std::u16string_view kRootPath = u"\\REGISTRY";
constexpr unsigned kLinksMax = 64;
// @cite(msdocs): page=windows/win32/sysinfo/registry-element-size-limits
constexpr unsigned kLevelsMax = 512;

int64_t now() { return static_cast<int64_t>(ke::kernel().system_time()); }

bool same(std::u16string_view a, std::u16string_view b) { return ob::same_name(a, b, true); }

size_t bytes_of(std::u16string_view text) { return text.size() * sizeof(char16_t); }

// What follows "\REGISTRY"; nothing for a path that leads elsewhere.
std::optional<std::u16string_view> below_root(std::u16string_view path)
{
    if (path.size() < kRootPath.size() || !same(path.substr(0, kRootPath.size()), kRootPath))
        return std::nullopt;
    path.remove_prefix(kRootPath.size());
    if (!path.empty() && path.front() != u'\\')
        return std::nullopt;
    return path;
}

unsigned level_of(Key const& key)
{
    unsigned level = 0;
    for (Key const* at = key.parent; at; at = at->parent)
        ++level;
    return level;
}

} // namespace

Registry::Registry(Windows windows, unsigned processors)
    : m_windows(windows)
{
    CHECK(!g_registry, "one machine is live per process at a time");
    g_registry = this;
    m_root.name = kRootPath.substr(1);
    m_root.upper = m_root.name;
    m_root.last_write = now();
    m_root.references = 1;
    m_root.number = ++m_keys_born;
    make_skeleton(processors);
    m_callbacks = std::make_unique<CallbackList>();
    m_objects = std::make_unique<KeyObjects>();
}

Registry::~Registry()
{
    m_objects.reset();
    m_callbacks.reset();
    g_registry = nullptr;
}

Key& Registry::add_subkey(Key& parent, std::u16string_view name, bool is_volatile, std::u16string_view class_name)
{
    auto key = std::make_unique<Key>();
    key->name = name;
    key->upper = ob::upper_case(name);
    key->class_name = class_name;
    key->parent = &parent;
    key->number = ++m_keys_born;
    key->is_volatile = is_volatile;
    key->last_write = parent.last_write = now();
    parent.widest_subkey_name.add(bytes_of(name));
    parent.widest_subkey_class.add(bytes_of(class_name));
    return parent.subkeys.insert(std::move(key));
}

Result<Walked> Registry::walk(Key& from, std::u16string_view path, WalkOptions const& options)
{
    Key* at = &from;
    bool created = false;
    std::u16string redirected; // the path once a link was followed
    unsigned links = 0;
    size_t rest = 0; // characters behind the last link's target
    while (true) {
        path.remove_prefix(std::min(path.find_first_not_of(u'\\'), path.size()));
        if (at->deleted)
            return Failure { STATUS_KEY_DELETED };
        if (path.empty()) {
            if (options.is_link && !created)
                return Failure { STATUS_OBJECT_NAME_COLLISION };
            return Walked { at, created };
        }
        if (at->is_link) // opened as a link: nothing lies below it
            return Failure { STATUS_ACCESS_DENIED };
        std::u16string_view const component = path.substr(0, path.find(u'\\'));
        path.remove_prefix(component.size());
        bool const is_last = path.find_first_not_of(u'\\') == path.npos;
        if (component.size() > kKeyNameMax)
            return Failure { STATUS_INVALID_PARAMETER };
        Key* next = at->subkey(component);
        created = !next;
        if (!next) {
            // What a link leads to is not made on the way to something below it.
            bool const in_target = links && path.size() > rest;
            if (options.missing == Missing::Fail || (!is_last && (options.missing == Missing::CreateLast || in_target)))
                return Failure { STATUS_OBJECT_NAME_NOT_FOUND };
            bool const below_nothing = !at->parent || !at->parent->parent;
            if ((options.by_driver && below_nothing) || level_of(*at) + 1 >= kLevelsMax)
                return Failure { STATUS_INVALID_PARAMETER };
            if (at->is_volatile && !options.is_volatile)
                return Failure { STATUS_CHILD_MUST_BE_VOLATILE };
            if (options.may_create)
                TRY(options.may_create(*at));
            next = &add_subkey(*at, component, options.is_volatile,
                               is_last ? options.class_name : std::u16string_view());
            next->is_link = is_last && options.is_link;
            tell(*at, REG_NOTIFY_CHANGE_NAME);
        }
        bool const is_end = is_last && (options.links == Links::OpenLast || options.is_link);
        if (next->is_link && !is_end) {
            std::u16string target = link_target(*next);
            auto const below = below_root(target);
            if (!below || ++links > kLinksMax)
                return Failure { STATUS_OBJECT_NAME_NOT_FOUND };
            rest = path.size();
            redirected = std::u16string(*below) + u"\\" + std::u16string(path);
            path = redirected;
            at = &m_root;
            continue;
        }
        at = next;
    }
}

Key* Registry::find(std::u16string_view path, Links links)
{
    auto const below = below_root(path);
    if (!below)
        return nullptr;
    auto walked = walk(m_root, *below, { .links = links });
    return walked.ok() ? walked->key : nullptr;
}

Result<Key*> Registry::try_make(std::u16string_view path)
{
    auto const below = below_root(path);
    CHECK(below, "an absolute registry path begins with \\Registry");
    auto walked = walk(m_root, *below, { .missing = Missing::CreateAll });
    if (walked.status() == STATUS_CHILD_MUST_BE_VOLATILE)
        walked = walk(m_root, *below, { .missing = Missing::CreateAll, .is_volatile = true });
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

Result<void> Registry::set_value(Key& key, std::u16string_view name, uint32_t type, std::span<uint8_t const> data)
{
    if (key.is_link && !(type == REG_LINK && same(name, kLinkValue)))
        return Failure { STATUS_ACCESS_DENIED };
    Value* value = key.value(name);
    if (value && value->type == type && std::ranges::equal(value->data, data))
        return {}; // no change, so nobody is told of one
    if (!value) {
        auto made = std::make_unique<Value>();
        made->name = name;
        made->number = ++m_values_born;
        value = &key.values.insert(std::move(made));
        key.values_by_name.insert(*value);
        key.widest_value_name.add(bytes_of(name));
    } else
        key.widest_value_data.remove(value->data.size());
    value->type = type;
    value->data.assign(data.begin(), data.end());
    key.widest_value_data.add(data.size());
    key.last_write = now();
    tell(key, REG_NOTIFY_CHANGE_LAST_SET);
    return {};
}

void Registry::set_string(Key& key, std::u16string_view name, std::u16string_view text, uint32_t type)
{
    std::u16string terminated(text);
    terminated.push_back(u'\0');
    static_cast<void>(
        set_value(key, name, type,
                  { reinterpret_cast<uint8_t const*>(terminated.data()), terminated.size() * sizeof(char16_t) }));
}

void Registry::set_dword(Key& key, std::u16string_view name, uint32_t number)
{
    static_cast<void>(set_value(key, name, REG_DWORD, { reinterpret_cast<uint8_t const*>(&number), sizeof number }));
}

Key& Registry::make_link(Key& parent, std::u16string_view name, std::u16string_view target, bool is_volatile)
{
    Key& link = add_subkey(parent, name, is_volatile);
    link.is_link = true;
    // Without a terminating zero, as links have it.
    auto const stored
        = set_value(link, kLinkValue, REG_LINK, { reinterpret_cast<uint8_t const*>(target.data()), bytes_of(target) });
    CHECK(stored.ok(), "a link takes its target");
    return link;
}

std::u16string Registry::link_target(Key const& link)
{
    Value const* value = link.value(kLinkValue);
    if (!value || value->type != REG_LINK)
        return {};
    std::u16string target(value->data.size() / sizeof(char16_t), u'\0');
    std::memcpy(target.data(), value->data.data(), target.size() * sizeof(char16_t));
    return target;
}

void Registry::delete_value(Key& key, Value& value)
{
    key.widest_value_name.remove(bytes_of(value.name));
    key.widest_value_data.remove(value.data.size());
    CHECK(key.values_by_name.erase(value), "a value is missing from its key");
    key.values.take(value);
    key.last_write = now();
    tell(key, REG_NOTIFY_CHANGE_LAST_SET);
}

bool Registry::delete_value(Key& key, std::u16string_view name)
{
    Value* value = key.value(name);
    if (value)
        delete_value(key, *value);
    return value;
}

void Registry::take_out(Key& key)
{
    Key& parent = *key.parent;
    key.last_path = key.path();
    parent.last_write = now();
    parent.widest_subkey_name.remove(bytes_of(key.name));
    parent.widest_subkey_class.remove(bytes_of(key.class_name));
    std::unique_ptr<Key> held = parent.subkeys.take(key);
    key.values_by_name.clear();
    key.values.clear();
    key.parent = nullptr;
    key.deleted = true;
    if (key.references)
        m_deleted.push_back(std::move(held));
    if (key_deleted && held == nullptr)
        key_deleted(key);
    tell(parent, REG_NOTIFY_CHANGE_NAME);
}

Result<void> Registry::delete_key(Key& key)
{
    if (key.deleted)
        return Failure { STATUS_KEY_DELETED };
    if (!key.parent || !key.parent->parent || key.is_hive_root || !key.subkeys.empty())
        return Failure { STATUS_CANNOT_DELETE };
    take_out(key);
    return {};
}

// Without recursion: a driver may ask for it, on its small stack, and a tree may be 512 levels deep.
void Registry::delete_contents(Key& key)
{
    for (Key* at = &key;;) {
        while (!at->subkeys.empty())
            at = &at->subkeys.at(at->subkeys.size() - 1);
        while (!at->values.empty())
            delete_value(*at, at->values.at(at->values.size() - 1));
        if (at == &key)
            return;
        Key& done = *at;
        at = at->parent;
        take_out(done);
    }
}

void Registry::delete_tree(Key& key)
{
    delete_contents(key);
    static_cast<void>(delete_key(key));
}

void Registry::unload(Key& hive_root)
{
    KeyRef const held(hive_root);
    delete_contents(hive_root);
    take_out(hive_root);
}

Result<void> Registry::rename_key(Key& key, std::u16string_view name)
{
    if (name.empty() || name.size() > kKeyNameMax || name.find(u'\\') != name.npos)
        return Failure { STATUS_INVALID_PARAMETER };
    if (key.deleted)
        return Failure { STATUS_KEY_DELETED };
    if (!key.parent || !key.parent->parent || key.is_hive_root)
        return Failure { STATUS_ACCESS_DENIED };
    Key& parent = *key.parent;
    if (Key const* there = parent.subkey(name); there && there != &key)
        return Failure { STATUS_OBJECT_NAME_COLLISION };
    std::unique_ptr<Key> held = parent.subkeys.take(key);
    parent.widest_subkey_name.remove(bytes_of(key.name));
    key.name = name;
    key.upper = ob::upper_case(name);
    parent.widest_subkey_name.add(bytes_of(name));
    parent.subkeys.insert(std::move(held));
    key.last_write = parent.last_write = now();
    tell(parent, REG_NOTIFY_CHANGE_NAME);
    return {};
}

void Registry::dereference(Key& key)
{
    CHECK(key.references, "a key's references fell below zero");
    if (--key.references == 0 && key.deleted)
        std::erase_if(m_deleted, [&](auto const& held) { return held.get() == &key; });
}

void Registry::link_current_control_set()
{
    Key* const system = find(u"\\REGISTRY\\MACHINE\\SYSTEM");
    if (!system || system->subkey(u"CurrentControlSet"))
        return;
    uint32_t current = 1;
    Key const* const select = system->subkey(u"Select");
    Value const* const value = select ? select->value(u"Current") : nullptr;
    if (value && value->data.size() == sizeof current)
        std::memcpy(&current, value->data.data(), sizeof current);
    std::u16string target = u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet000";
    current %= 1000;
    for (size_t i = target.size(); current; current /= 10)
        target[--i] = static_cast<char16_t>(u'0' + current % 10);
    make_link(*system, u"CurrentControlSet", target, true);
}

std::u16string Registry::service_path(std::u16string_view name)
{
    Key const* const link = find(u"\\REGISTRY\\MACHINE\\SYSTEM\\CurrentControlSet", Links::OpenLast);
    std::u16string const target = link && link->is_link ? link_target(*link) : std::u16string();
    std::u16string const set = target.empty() ? u"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001" : target;
    return set + u"\\Services\\" + std::u16string(name);
}

std::u16string Registry::make_service(std::u16string_view name, std::u16string_view image_path,
                                      uint32_t start)
{
    std::u16string const path = service_path(name);
    Key& service = make(path);
    set_dword(service, u"Type", SERVICE_KERNEL_DRIVER);
    // On demand, else somebody said beforehand when it is to start.
    if (start != SERVICE_DEMAND_START || !service.value(u"Start"))
        set_dword(service, u"Start", start);
    set_dword(service, u"ErrorControl", SERVICE_ERROR_NORMAL);
    set_string(service, u"ImagePath", image_path, REG_EXPAND_SZ);
    make(path + u"\\Parameters");
    return path;
}

} // namespace ringside::cm
