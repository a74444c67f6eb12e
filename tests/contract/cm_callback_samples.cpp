// SPDX-License-Identifier: MIT
// Registry callbacks, and hives by file.
#include "cm_stage.h"

#include "ob/object.h"

namespace ringside::test {

using namespace nt;

namespace {

NTSTATUS NTAPI count_call(PVOID counter, PVOID, PVOID)
{
    ++*static_cast<unsigned*>(counter);
    return STATUS_SUCCESS;
}

LARGE_INTEGER& register_counter(At& at, char16_t const* altitude, unsigned& counter)
{
    auto& cookie = at.object<LARGE_INTEGER>();
    EXPECT_EQ(at.also("CmRegisterCallbackEx", count_call, &at.string(altitude), nullptr, &counter, &cookie, nullptr),
              0u);
    return cookie;
}

void* body_of(At& at, HANDLE key)
{
    auto& body = at.object<PVOID>();
    EXPECT_EQ(at.also("ObReferenceObjectByHandle", key, 0, nullptr, KernelMode, &body, nullptr), 0u);
    at.also("ObfDereferenceObject", body);
    return body;
}

} // namespace

SAMPLE(CmRegisterCallback)
{
    auto& counter = at.object<unsigned>();
    auto& cookie = at.object<LARGE_INTEGER>();
    at.status(STATUS_SUCCESS, count_call, &counter, &cookie);
    make_key(at);
    EXPECT_EQ(counter, 2u);
    EXPECT_EQ(at.also("CmUnRegisterCallback", cookie), 0u);
}

SAMPLE(CmRegisterCallbackEx)
{
    auto& counter = at.object<unsigned>();
    auto& cookie = at.object<LARGE_INTEGER>();
    at.status(STATUS_SUCCESS, count_call, &at.string(u"370000"), nullptr, &counter, &cookie, nullptr);
    make_key(at);
    EXPECT_EQ(counter, 2u);
    at.status(STATUS_FLT_INSTANCE_ALTITUDE_COLLISION, count_call, &at.string(u"370000"), nullptr, &counter, &cookie,
              nullptr);
    at.status(STATUS_INVALID_PARAMETER, count_call, &at.string(u"high"), nullptr, &counter, &cookie, nullptr);
    EXPECT_EQ(at.also("CmUnRegisterCallback", cookie), 0u);
}

SAMPLE(CmUnRegisterCallback)
{
    auto& counter = at.object<unsigned>();
    LARGE_INTEGER const cookie = register_counter(at, u"1", counter);
    at.status(STATUS_SUCCESS, cookie);
    make_key(at);
    EXPECT_EQ(counter, 0u);
    at.status(STATUS_INVALID_PARAMETER, cookie);
}

SAMPLE(CmGetCallbackVersion)
{
    auto& major = at.object<ULONG>();
    auto& minor = at.object<ULONG>();
    at.call(&major, &minor);
    EXPECT_EQ(major, 1u);
    EXPECT_EQ(minor, 1u);
}

SAMPLE(CmSetCallbackObjectContext)
{
    auto& counter = at.object<unsigned>();
    LARGE_INTEGER& cookie = register_counter(at, u"1", counter);
    void* const key = body_of(at, make_key(at));
    auto& old = at.object<PVOID>();
    at.status(STATUS_SUCCESS, key, &cookie, &counter, &old);
    at.status(STATUS_SUCCESS, key, &cookie, &old, &old);
    EXPECT_EQ(old, &counter);
    auto& wrong = at.object<LARGE_INTEGER>();
    at.status(STATUS_INVALID_PARAMETER, key, &wrong, &old, &old);
}

SAMPLE(CmCallbackGetKeyObjectID)
{
    auto& counter = at.object<unsigned>();
    LARGE_INTEGER& cookie = register_counter(at, u"1", counter);
    void* const key = body_of(at, make_key(at));
    auto& id = at.object<ULONG_PTR>();
    auto& name = at.object<UNICODE_STRING*>();
    at.status(STATUS_SUCCESS, &cookie, key, &id, &name);
    EXPECT_NE(id, 0u);
    ASSERT_NE(name, nullptr);
    EXPECT_EQ(name->Length, sizeof kSampleKey - 2);
    auto& wrong = at.object<LARGE_INTEGER>();
    at.status(STATUS_INVALID_PARAMETER, &wrong, key, &id, &name);
}

SAMPLE(CmCallbackGetKeyObjectIDEx)
{
    auto& counter = at.object<unsigned>();
    LARGE_INTEGER& cookie = register_counter(at, u"1", counter);
    void* const key = body_of(at, make_key(at));
    auto& id = at.object<ULONG_PTR>();
    auto& name = at.object<UNICODE_STRING*>();
    at.status(STATUS_SUCCESS, &cookie, key, &id, &name, 0);
    EXPECT_NE(id, 0u);
    ASSERT_NE(name, nullptr);
    EXPECT_EQ(name->Length, sizeof kSampleKey - 2);
    at.also("CmCallbackReleaseKeyObjectIDEx", name);
    at.status(STATUS_INVALID_PARAMETER, &cookie, key, &id, &name, 1);
    at.status(STATUS_INVALID_PARAMETER, &cookie, nullptr, &id, &name, 0);
}

SAMPLE(CmCallbackReleaseKeyObjectIDEx)
{
    auto& counter = at.object<unsigned>();
    LARGE_INTEGER& cookie = register_counter(at, u"1", counter);
    auto& name = at.object<UNICODE_STRING*>();
    size_t const before = ex::driver_bytes();
    EXPECT_EQ(at.also("CmCallbackGetKeyObjectIDEx", &cookie, body_of(at, make_key(at)), nullptr, &name, 0), 0u);
    at.call(name);
    EXPECT_EQ(ex::driver_bytes(), before);
}

SAMPLE_OF_NOTHING(CmGetBoundTransaction, "no key is bound to a transaction: there is no transaction manager")
{
    auto& counter = at.object<unsigned>();
    LARGE_INTEGER& cookie = register_counter(at, u"1", counter);
    at.returns(static_cast<PVOID>(nullptr), &cookie, body_of(at, make_key(at)));
}

SAMPLE(ZwSaveKey)
{
    at.status(STATUS_INVALID_HANDLE, no_handle(), no_handle());
    at.status(STATUS_INVALID_HANDLE, make_key(at), no_handle());
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), no_handle());
}

SAMPLE(ZwSaveKeyEx)
{
    at.status(STATUS_INVALID_HANDLE, make_key(at), no_handle(), 2);
    at.status(STATUS_INVALID_PARAMETER, make_key(at), no_handle(), 3);
}

SAMPLE(ZwRestoreKey)
{
    at.status(STATUS_INVALID_HANDLE, make_key(at), no_handle(), 0);
    at.status(STATUS_INVALID_PARAMETER, make_key(at), no_handle(), 0x1000);
    at.status(STATUS_KEY_DELETED, make_deleted_key(at), no_handle(), 0);
}

SAMPLE(ZwLoadKey)
{
    auto& file = attributes_of(at, u"\\??\\Nothing");
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &attributes_of(at, u"\\Registry\\Machine\\New"), &file);
    at.status(STATUS_OBJECT_NAME_COLLISION, &attributes_of(at, u"\\Registry\\Machine\\Software"), &file);
    at.status(STATUS_INVALID_PARAMETER, &attributes_of(at, kSampleKey), &file);
}

SAMPLE(ZwLoadKeyEx)
{
    auto& file = attributes_of(at, u"\\??\\Nothing");
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &attributes_of(at, u"\\Registry\\Machine\\New"), &file, 0, nullptr, nullptr,
              0, nullptr, nullptr);
    at.status(STATUS_NOT_SUPPORTED, &attributes_of(at, u"\\Registry\\Machine\\New"), &file, 0x10, nullptr, nullptr, 0,
              nullptr, nullptr);
}

SAMPLE(ZwUnloadKey)
{
    make_key(at);
    at.status(STATUS_INVALID_PARAMETER, &attributes_of(at, kSampleKey));
    at.status(STATUS_CANNOT_DELETE, &attributes_of(at, u"\\Registry\\Machine\\System"));
    at.status(STATUS_OBJECT_NAME_NOT_FOUND, &attributes_of(at, u"\\Registry\\Machine\\New"));
}

SAMPLE(ZwUnloadKeyEx)
{
    make_key(at);
    at.status(STATUS_INVALID_PARAMETER, &attributes_of(at, kSampleKey), nullptr);
    at.status(STATUS_NOT_SUPPORTED, &attributes_of(at, kSampleKey), no_handle());
}

} // namespace ringside::test
