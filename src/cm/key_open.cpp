// SPDX-License-Identifier: MIT
#include "cm/key_open.h"

#include "cm/ddi.h"
#include "cm/key_security.h"
#include "ke/kernel.h"
#include "ob/security.h"

#include <cstring>

namespace ringside::cm {

using namespace nt;

namespace {

constexpr ULONG kOpenOptions = REG_OPTION_OPEN_LINK | REG_OPTION_BACKUP_RESTORE;

} // namespace

KeyPath::KeyPath(OBJECT_ATTRIBUTES const* attributes)
    : m_status(STATUS_INVALID_PARAMETER)
{
    if (!attributes)
        return;
    m_given = ob::get(attributes);
    m_status = capture();
}

NTSTATUS KeyPath::capture()
{
    auto captured = ob::read_attributes(&m_given, KernelMode);
    if (!captured.ok())
        return captured.status();
    auto found = ob::look_up(captured->name());
    if (!found.ok())
        return found.status();
    m_root.reset(found->body);
    if (found->type != &ob::key_type)
        return STATUS_OBJECT_TYPE_MISMATCH;
    m_below.emplace(found->remaining);
    if (!captured->security.empty()) {
        m_security.emplace(captured->security.size());
        if (m_security->ok())
            std::memcpy(m_security->data(), captured->security.data(), captured->security.size());
    }
    return m_below->ok() && (!m_security || m_security->ok()) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

namespace {

// What is open at the end: an object that the operation made, or that a callback put in its place.
struct Opening {
    KeyPath const& path;
    OpenRequest const& request;
    PoolText const& class_name;
    void* object = nullptr;
    ULONG disposition = REG_OPENED_EXISTING_KEY;
    ACCESS_MASK granted = 0;

    NTSTATUS perform();
    NTSTATUS told_to_callbacks();
};

NTSTATUS Opening::perform()
{
    Key& from = *g_key_objects->key_of(path.root());
    bool const open_link = (path.given().Attributes & OBJ_OPENLINK) || (request.options & REG_OPTION_OPEN_LINK);
    bool const create_link = request.create && (request.options & REG_OPTION_CREATE_LINK);
    auto walked = registry().walk(from, path.below(),
                                  { .missing = request.create ? Missing::CreateLast : Missing::Fail,
                                    .links = open_link ? Links::OpenLast : Links::Follow,
                                    .is_volatile = (request.options & REG_OPTION_VOLATILE) != 0,
                                    .is_link = create_link,
                                    .class_name = class_name.text(),
                                    .by_driver = true,
                                    .may_create = path.checked() ? may_create_below : nullptr });
    if (!walked.ok())
        return walked.status();
    KeyRef const key(*walked->key);
    auto secured = walked->created && path.security() ? give_descriptor(*key, path.security(), path.checked())
                                                      : Result<void>();
    auto made = secured.ok() ? g_key_objects->make(*key) : secured.failure();
    if (!made.ok()) {
        if (walked->created)
            static_cast<void>(registry().delete_key(*key));
        return made.status();
    }
    disposition = walked->created ? REG_CREATED_NEW_KEY : REG_OPENED_EXISTING_KEY;
    // Who creates a key may do with it what was asked for.
    auto const allowed = walked->created
        ? Result<ACCESS_MASK>(ob::granted_access(ob::key_type, request.desired))
        : ob::allowed_access(*made, request.desired, KernelMode, path.given().Attributes);
    if (!allowed.ok()) {
        ob::dereference(*made);
        return allowed.status();
    }
    object = *made;
    granted = allowed.value();
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/ns-wdm-_reg_create_key_information_v1
NTSTATUS Opening::told_to_callbacks()
{
    // The rest of an absolute path without its backslash; a relative one as it was given.
    std::u16string_view rest = path.below();
    if (!path.given().RootDirectory && rest.starts_with(u'\\'))
        rest.remove_prefix(1);
    auto const bytes = static_cast<USHORT>(rest.size() * sizeof(char16_t));
    UNICODE_STRING remaining { bytes, bytes, const_cast<PWSTR>(rest.data()) };
    REG_CREATE_KEY_INFORMATION_V1 info {};
    info.CompleteName = path.given().ObjectName;
    info.RootObject = path.root();
    info.ObjectType = ob::key_type.guest;
    info.Options = request.options;
    info.Class = request.class_name;
    info.SecurityDescriptor = path.given().SecurityDescriptor;
    info.SecurityQualityOfService = path.given().SecurityQualityOfService;
    info.DesiredAccess = request.desired;
    info.Disposition = &disposition;
    info.ResultObject = &object;
    info.Version = registry().windows() >= Windows::win7;
    info.RemainingName = &remaining;
    info.Wow64Flags = request.desired & KEY_WOW64_RES;
    info.Attributes = path.given().Attributes;
    info.CheckAccessMode = KernelMode;
    CallbackWalk walk(request.create ? kCreateKey : kOpenKey, path.root(), &info, &info.CallContext,
                      &info.RootObjectContext);
    NTSTATUS status;
    if (walk.before()) {
        status = perform();
        info.GrantedAccess = granted;
    } else
        status = walk.status();
    status = walk.after(status, &object);
    granted = info.GrantedAccess;
    return status;
}

} // namespace

NTSTATUS open_or_create(HANDLE* handle, OBJECT_ATTRIBUTES* attributes, OpenRequest const& request)
{
    ULONG const legal = request.create ? ULONG { REG_LEGAL_OPTION } : kOpenOptions;
    if (request.options & ~legal)
        return STATUS_INVALID_PARAMETER;
    std::optional<PoolText> class_name;
    if (request.class_name) {
        auto text = ob::read_string(request.class_name);
        if (!text.ok())
            return STATUS_INVALID_PARAMETER;
        class_name.emplace(*text);
    } else
        class_name.emplace(std::u16string_view());
    KeyPath const path(attributes);
    if (path.status())
        return path.status();
    if (!class_name->ok())
        return STATUS_INSUFFICIENT_RESOURCES;

    Opening opening { path, request, *class_name };
    NTSTATUS const status = g_callbacks->empty() ? opening.perform() : opening.told_to_callbacks();
    // A callback that turned a success into a failure has taken care of the object.
    if (!NT_SUCCESS(status))
        return status;
    if (!g_key_objects->find_any(opening.object))
        ke::bug_check(REGISTRY_FILTER_DRIVER_EXCEPTION, static_cast<uint32_t>(STATUS_OBJECT_TYPE_MISMATCH), 0, 0, 0,
                      "a registry callback answered for an open or create and gave no key object");
    ob::Held const object(opening.object);
    auto opened = ob::open_handle(ob::current_process(), object.body(), opening.granted, path.kernel_handle(),
                                  path.given().Attributes & OBJ_INHERIT);
    if (!opened.ok())
        return opened.status();
    ob::put(handle, *opened);
    if (request.disposition)
        ob::put(request.disposition, opening.disposition);
    return status;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwopenkey
NTSTATUS ZwOpenKey(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes)
{
    return open_or_create(handle, attributes, { .desired = desired });
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwopenkeyex
NTSTATUS ZwOpenKeyEx(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, ULONG options)
{
    return open_or_create(handle, attributes, { .desired = desired, .options = options });
}

// @cite(wdk-ddi): page=wdm/nf-wdm-zwcreatekey
NTSTATUS ZwCreateKey(HANDLE* handle, ACCESS_MASK desired, OBJECT_ATTRIBUTES* attributes, ULONG,
                     UNICODE_STRING* class_name, ULONG options, ULONG* disposition)
{
    return open_or_create(handle, attributes,
                          { .desired = desired,
                            .options = options,
                            .create = true,
                            .class_name = class_name,
                            .disposition = disposition });
}

} // namespace ringside::cm
