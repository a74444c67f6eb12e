// SPDX-License-Identifier: MIT
// What registry filter drivers call. Their objects may be on the way out, with a count of zero.
#include "cm/ddi.h"

#include "cm/callbacks.h"
#include "cm/objects.h"

#include <cstring>

namespace ringside::cm {

using namespace nt;

namespace {

constexpr uint32_t kNameTag = 'mNmC'; // "CmNm"

NTSTATUS add(PEX_CALLBACK_FUNCTION function, PVOID context, LARGE_INTEGER* cookie, std::u16string altitude)
{
    auto added = g_callbacks->add(function, context, std::move(altitude));
    if (!added.ok())
        return added.status();
    LARGE_INTEGER value {};
    value.QuadPart = *added;
    ob::put(cookie, value);
    return STATUS_SUCCESS;
}

// A UNICODE_STRING with its characters behind it, in pool: the driver's where the driver has to give it back.
Result<UNICODE_STRING*> name_in_pool(Key const& key, ex::Owner owner)
{
    size_t length;
    UNICODE_STRING* made;
    {
        std::u16string const path = key.path();
        length = path.size() * sizeof(char16_t);
        if (length > 0xFFFC)
            return Failure { STATUS_NAME_TOO_LONG };
        made = static_cast<UNICODE_STRING*>(
            ex::allocate(PagedPool, sizeof(UNICODE_STRING) + length + sizeof(char16_t), kNameTag, owner, true));
        if (!made)
            return Failure { STATUS_INSUFFICIENT_RESOURCES };
        std::memcpy(made + 1, path.data(), length);
    }
    auto const bytes = static_cast<USHORT>(length);
    *made = { bytes, static_cast<USHORT>(bytes + sizeof(char16_t)), reinterpret_cast<PWSTR>(made + 1) };
    return made;
}

// The key object that a filter asks about; null when it or its cookie is none.
KeyObject* asked(LARGE_INTEGER* cookie, PVOID object)
{
    int64_t const value = ob::get(cookie).QuadPart;
    for (Callback const& callback : g_callbacks->all())
        if (callback.cookie == value && callback.idle)
            return object ? g_key_objects->find_any(object) : nullptr;
    return nullptr;
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-cmregistercallback
NTSTATUS CmRegisterCallback(PEX_CALLBACK_FUNCTION function, PVOID context, LARGE_INTEGER* cookie)
{
    return add(function, context, cookie, {});
}

// @cite(wdk-ddi): page=wdm/nf-wdm-cmregistercallbackex
NTSTATUS CmRegisterCallbackEx(PEX_CALLBACK_FUNCTION function, UNICODE_STRING* altitude, PVOID, PVOID context,
                              LARGE_INTEGER* cookie, PVOID)
{
    auto text = ob::read_string(altitude);
    if (!text.ok() || text->empty())
        return STATUS_INVALID_PARAMETER;
    return add(function, context, cookie, text.take());
}

// @cite(wdk-ddi): page=wdm/nf-wdm-cmunregistercallback
NTSTATUS CmUnRegisterCallback(LARGE_INTEGER cookie) { return g_callbacks->remove(cookie.QuadPart); }

// @cite(wdk-ddi): page=wdm/nf-wdm-cmgetcallbackversion
void CmGetCallbackVersion(ULONG* major, ULONG* minor)
{
    if (major)
        ob::put(major, 1);
    if (minor)
        ob::put(minor, registry().windows() >= Windows::win7);
}

// @cite(wdk-ddi): page=wdm/nf-wdm-cmsetcallbackobjectcontext
NTSTATUS CmSetCallbackObjectContext(PVOID object, LARGE_INTEGER* cookie, PVOID context, PVOID* old)
{
    KeyObject* const key = asked(cookie, object);
    if (!key)
        return STATUS_INVALID_PARAMETER;
    int64_t const value = ob::get(cookie).QuadPart;
    PVOID before = nullptr;
    auto mine = std::ranges::find(key->contexts, value, &ObjectContext::cookie);
    if (mine != key->contexts.end()) {
        before = mine->context;
        if (context)
            mine->context = context;
        else
            key->contexts.erase(mine); // nothing is left to clean up
    } else if (context)
        key->contexts.push_back({ value, context });
    if (old)
        ob::put(old, before);
    return STATUS_SUCCESS;
}

// The name lives as long as the key object, and stays as it was when it was asked for first.
// @cite(wdk-ddi): page=wdm/nf-wdm-cmcallbackgetkeyobjectid
NTSTATUS CmCallbackGetKeyObjectID(LARGE_INTEGER* cookie, PVOID object, ULONG_PTR* id, UNICODE_STRING** name)
{
    KeyObject* const key = asked(cookie, object);
    if (!key)
        return STATUS_INVALID_PARAMETER;
    if (name) {
        if (!key->name_block) {
            auto made = name_in_pool(*key->key, ex::Owner::Kernel);
            if (!made.ok())
                return made.status();
            key->name_block = *made;
        }
        ob::put(name, static_cast<UNICODE_STRING*>(key->name_block));
    }
    if (id)
        ob::put(id, key->key->number);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-cmcallbackgetkeyobjectidex
NTSTATUS CmCallbackGetKeyObjectIDEx(LARGE_INTEGER* cookie, PVOID object, ULONG_PTR* id, UNICODE_STRING** name,
                                    ULONG flags)
{
    KeyObject* const key = flags ? nullptr : asked(cookie, object);
    if (!key)
        return STATUS_INVALID_PARAMETER;
    if (name) {
        auto made = name_in_pool(*key->key, ex::Owner::Driver);
        if (!made.ok())
            return made.status();
        ob::put(name, *made);
    }
    if (id)
        ob::put(id, key->key->number);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=wdm/nf-wdm-cmcallbackreleasekeyobjectidex
void CmCallbackReleaseKeyObjectIDEx(UNICODE_STRING* name)
{
    if (name)
        ex::free(name, kNameTag);
}

// There is no transaction manager: no key is bound to a transaction.
// @cite(wdk-ddi): page=wdm/nf-wdm-cmgetboundtransaction
PVOID CmGetBoundTransaction(LARGE_INTEGER*, PVOID) { return nullptr; }

} // namespace ringside::cm
