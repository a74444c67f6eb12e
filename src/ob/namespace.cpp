// SPDX-License-Identifier: MIT
// @cite(wdk-docs): page=kernel/object-names
// @cite(wdk-docs): page=kernel/life-cycle-of-an-object
#include "ob/namespace.h"

#include "base/check.h"
#include "ob/manager.h"
#include "ob/security.h"
#include "rtl/case_table.h"

namespace ringside::ob {

using namespace nt;

namespace {

constexpr unsigned kLinksMax = 64;
constexpr uint32_t kDirectoryTag = 'eriD'; // "Dire"
constexpr uint32_t kLinkTag = 'bmyS';      // "Symb"
constexpr size_t kDirectoryBytes = 0x158;
constexpr size_t kLinkBytes = 0x20;

enum class LastLink : uint8_t { Follow, Keep };

// Where a walk ended. Without `found`, `directory` is where `last` could be inserted.
struct Place {
    Record* found = nullptr;
    Record* directory = nullptr;
    std::u16string last;
    std::u16string remaining;
};

Record* child_of(Record& directory, std::u16string_view name, bool case_insensitive)
{
    // Names that differ only in case: the oldest one is found.
    Record* oldest = nullptr;
    directory.children->by_name.for_each_like(name, [&](Record& child) {
        if (same_name(child.name, name, case_insensitive)
            && (!oldest || child.name_order->first < oldest->name_order->first))
            oldest = &child;
    });
    return oldest;
}

Result<Place> walk(Name const& name, LastLink last_link)
{
    ObjectManager& m = manager();
    std::u16string path;
    Record* directory = m.root;
    if (name.root) {
        Record& root = m.require(name.root);
        if (!name.path.empty() && name.path.front() == u'\\')
            return Failure { STATUS_OBJECT_PATH_SYNTAX_BAD };
        if (root.type->parses_names)
            return Place { &root, nullptr, {}, std::u16string(name.path) };
        if (!root.children)
            return Failure { STATUS_OBJECT_TYPE_MISMATCH };
        if (name.path.empty())
            return Place { &root, nullptr, {}, {} };
        directory = &root;
        path = u'\\';
    } else if (name.path.empty() || name.path.front() != u'\\')
        return Failure { STATUS_OBJECT_PATH_SYNTAX_BAD };
    path += name.path;
    if (path == u"\\")
        return Place { m.root, nullptr, {}, {} };

    size_t at = 0; // of a backslash
    for (unsigned links = 0;;) {
        size_t const next = path.find(u'\\', at + 1);
        bool const is_last = next == path.npos;
        std::u16string_view component = std::u16string_view(path).substr(at + 1, is_last ? path.npos : next - at - 1);
        if (component.empty())
            return Failure { STATUS_OBJECT_NAME_INVALID };
        Record* child = child_of(*directory, component, name.case_insensitive);
        if (!child) {
            if (!is_last)
                return Failure { STATUS_OBJECT_PATH_NOT_FOUND };
            return Place { nullptr, directory, std::u16string(component), {} };
        }
        if (child->type == &symbolic_link_type && !(is_last && last_link == LastLink::Keep)) {
            if (++links > kLinksMax)
                return Failure { STATUS_OBJECT_NAME_NOT_FOUND };
            std::u16string target = child->target;
            if (!is_last)
                target += path.substr(next);
            if (target.empty() || target.front() != u'\\')
                return Failure { STATUS_OBJECT_PATH_SYNTAX_BAD };
            path = std::move(target);
            if (path == u"\\")
                return Place { m.root, nullptr, {}, {} };
            directory = m.root;
            at = 0;
            continue;
        }
        if (is_last)
            return Place { child, nullptr, {}, {} };
        if (child->children) {
            directory = child;
            at = next;
            continue;
        }
        if (child->type->parses_names)
            return Place { child, nullptr, {}, path.substr(next) };
        return Failure { STATUS_OBJECT_TYPE_MISMATCH };
    }
}

Result<Lookup> look_up_with(Name const& name, LastLink last_link)
{
    Place place = TRY(walk(name, last_link));
    if (!place.found)
        return Failure { STATUS_OBJECT_NAME_NOT_FOUND };
    reference(place.found->body);
    return Lookup { place.found->body, place.found->type, std::move(place.remaining) };
}

Result<void> create_permanent(Type& type, size_t bytes, uint32_t tag, std::u16string_view path,
                              std::u16string_view target)
{
    void* body = TRY(create(type, bytes, tag));
    manager().find(body)->target = target;
    auto inserted = insert(body, path, true, true);
    dereference(body); // the name holds it from here on
    return inserted;
}

} // namespace

bool same_name(std::u16string_view a, std::u16string_view b, bool case_insensitive)
{
    if (a.size() != b.size())
        return false;
    for (size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && (!case_insensitive || rtl::upcase(a[i]) != rtl::upcase(b[i])))
            return false;
    return true;
}

std::u16string upper_case(std::u16string_view name)
{
    std::u16string upper(name);
    for (char16_t& c : upper)
        c = rtl::upcase(c);
    return upper;
}

Result<Lookup> look_up(Name const& name) { return look_up_with(name, LastLink::Follow); }

Result<Lookup> look_up(std::u16string_view path, bool case_insensitive)
{
    return look_up(Name { nullptr, path, case_insensitive });
}

Result<Lookup> look_up_link(Name const& name) { return look_up_with(name, LastLink::Keep); }

void ObjectManager::link(Record& directory, Record& object, std::u16string_view name)
{
    object.directory = &directory;
    object.name = name;
    auto& by_birth = directory.children->by_birth;
    object.name_order = by_birth.emplace_hint(by_birth.end(), ++m_names, &object);
    directory.children->by_name.insert(object);
    ++directory.pointers; // a directory lives while there is something in it
}

void ObjectManager::unlink(Record& object)
{
    Record& directory = *object.directory;
    directory.children->by_birth.erase(object.name_order);
    CHECK(directory.children->by_name.erase(object), "a name is missing from its directory");
    object.directory = nullptr;
    object.name.clear();
    dereference(directory.body);
}

Result<void> insert(void* body, Name const& name, bool permanent, Creator const& creator)
{
    ObjectManager& m = manager();
    Record& record = m.require(body);
    CHECK(!record.directory, "an object has one name at most");
    // A new link takes a name as it is; anything else goes where an existing link leads.
    Place place = TRY(walk(name, record.type == &symbolic_link_type ? LastLink::Keep : LastLink::Follow));
    if (place.found)
        return Failure { place.found->type->parses_names && !place.remaining.empty() ? STATUS_OBJECT_TYPE_MISMATCH
                                                                                     : STATUS_OBJECT_NAME_COLLISION };
    if (creator.checked)
        TRY(allowed_access(place.directory->body,
                           record.children ? DIRECTORY_CREATE_SUBDIRECTORY : DIRECTORY_CREATE_OBJECT, UserMode, 0));
    TRY(assign_security(record, place.directory->security, creator.security, creator.checked));
    m.link(*place.directory, record, place.last);
    record.permanent = permanent || record.type->name_survives_handles;
    if (record.permanent)
        ++record.pointers;
    return {};
}

Result<void> insert(void* body, std::u16string_view path, bool case_insensitive, bool permanent)
{
    return insert(body, Name { nullptr, path, case_insensitive }, permanent);
}

void remove_name(void* body)
{
    Record& record = manager().require(body);
    if (!record.directory)
        return;
    manager().unlink(record);
    if (record.permanent) {
        record.permanent = false;
        dereference(body);
    }
}

void make_temporary(void* body)
{
    Record& record = manager().require(body);
    if (!record.permanent)
        return;
    if (!record.handles) {
        remove_name(body);
        return;
    }
    record.permanent = false;
    if (record.directory)
        dereference(body);
}

std::u16string full_name(void* body)
{
    Record& record = manager().require(body);
    if (record.type->full_name && !record.made_by_driver)
        return record.type->full_name(body);
    if (&record == manager().root)
        return u"\\";
    std::u16string name;
    for (Record* at = &record; at->directory; at = at->directory)
        name.insert(0, u"\\" + at->name);
    return name;
}

Result<void> create_directory(std::u16string_view path)
{
    return create_permanent(directory_type, kDirectoryBytes, kDirectoryTag, path, {});
}

Result<void> create_symbolic_link(std::u16string_view path, std::u16string_view target)
{
    return create_permanent(symbolic_link_type, kLinkBytes, kLinkTag, path, target);
}

Result<void> delete_symbolic_link(std::u16string_view path)
{
    Lookup link = TRY(look_up_link(Name { nullptr, path, true }));
    if (link.type != &symbolic_link_type) {
        dereference(link.body);
        return Failure { STATUS_OBJECT_TYPE_MISMATCH };
    }
    make_temporary(link.body);
    dereference(link.body);
    return {};
}

Result<std::u16string> symbolic_link_target(std::u16string_view path)
{
    Lookup link = TRY(look_up_link(Name { nullptr, path, true }));
    bool const is_link = link.type == &symbolic_link_type;
    std::u16string target = is_link ? target_of_link(link.body) : std::u16string();
    dereference(link.body);
    if (!is_link)
        return Failure { STATUS_OBJECT_TYPE_MISMATCH };
    return target;
}

std::u16string const& target_of_link(void* body) { return manager().require(body).target; }

void for_each_in(std::u16string_view directory,
                 void (*visit)(void* context, std::u16string const& name, void* body, Type& type), void* context)
{
    auto found = look_up(directory, true);
    if (!found.ok())
        return;
    Record& record = *manager().find(found->body);
    if (record.children)
        for (auto const& [order, child] : record.children->by_birth)
            visit(context, child->name, child->body, *child->type);
    dereference(found->body);
}

void ObjectManager::make_namespace(Windows windows)
{
    auto root_body = create(directory_type, kDirectoryBytes, kDirectoryTag);
    CHECK(root_body.ok(), "physical memory is too small to boot");
    root = find(*root_body);
    for (auto path : { u"\\ArcName", u"\\BaseNamedObjects", u"\\Callback", u"\\Device", u"\\Driver", u"\\FileSystem",
                       u"\\GLOBAL??", u"\\KernelObjects", u"\\NLS", u"\\ObjectTypes", u"\\RPC Control", u"\\Security",
                       u"\\Sessions", u"\\Windows" })
        CHECK(create_directory(path).ok(), "a directory of the namespace could not be made");
    CHECK(create_symbolic_link(u"\\??", u"\\GLOBAL??").ok());
    CHECK(create_symbolic_link(u"\\DosDevices", u"\\??").ok());
    // Names "\\.\Global\X" and "\DosDevices\Global\X" mean the same as without Global where there are no sessions.
    CHECK(create_symbolic_link(u"\\GLOBAL??\\Global", u"\\GLOBAL??").ok());
    CHECK(create_symbolic_link(u"\\GLOBAL??\\GLOBALROOT", u"").ok()); // what follows it is an absolute path
    CHECK(create_symbolic_link(u"\\SystemRoot", u"\\Device\\BootDevice\\Windows").ok());
    make_system_callbacks(windows);
}

} // namespace ringside::ob
