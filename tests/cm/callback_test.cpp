// SPDX-License-Identifier: MIT
// Registry callbacks: who is told what in which order, and who may answer.
#include "boot.h"
#include "filter.h"
#include "ke/exception.h"
#include "ob/capture.h"
#include "ob/object.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::test;

// One filter watches every operation there is.
// Shows: a pre and a post notification for each, those of an object's end included; after it is gone nothing.
TEST(cm_callback, every_operation)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        std::string film;
        Filter filter { film, "" };
        ASSERT_EQ(filter.add(u"370000"), STATUS_SUCCESS);
        KeyHandle key, sub;
        EXPECT_EQ(key.create(kOurs), STATUS_SUCCESS);
        EXPECT_EQ(take(film), "+Create -Create");
        EXPECT_EQ(sub.create(u"Sub", key.handle), STATUS_SUCCESS);
        EXPECT_EQ(sub.open(u"Sub", key.handle), STATUS_SUCCESS);
        EXPECT_EQ(take(film), "+Create -Create +Close -Close +Open -Open");
        EXPECT_EQ(sub.open(u"Missing", key.handle), STATUS_OBJECT_NAME_NOT_FOUND);
        EXPECT_EQ(take(film), "+Close -Close +Open -Open");
        EXPECT_EQ(sub.open(u"Sub", key.handle), STATUS_SUCCESS);
        film.clear();
        uint8_t room[256];
        ULONG length = 0;
        EXPECT_EQ(key.set(u"V", 1), STATUS_SUCCESS);
        EXPECT_EQ(key.number(u"V"), 1);
        cm::ZwEnumerateValueKey(key.handle, 0, KeyValueBasicInformation, room, sizeof room, &length);
        EXPECT_EQ(key.remove(u"V"), STATUS_SUCCESS);
        EXPECT_EQ(take(film),
                  "+SetValue -SetValue +QueryValue -QueryValue +EnumerateValue -EnumerateValue "
                  "+DeleteValue -DeleteValue");
        cm::ZwQueryKey(key.handle, KeyBasicInformation, room, sizeof room, &length);
        cm::ZwEnumerateKey(key.handle, 0, KeyBasicInformation, room, sizeof room, &length);
        cm::ZwFlushKey(key.handle);
        EXPECT_EQ(take(film), "+QueryKey -QueryKey +EnumerateKey -EnumerateKey +Flush -Flush");
        UNICODE_STRING name = counted(u"Renamed");
        EXPECT_EQ(cm::ZwRenameKey(sub.handle, &name), STATUS_SUCCESS);
        ULONG tags = 0, bytes = 0;
        EXPECT_EQ(cm::ZwSetInformationKey(sub.handle, KeySetHandleTagsInformation, &tags, 4), STATUS_SUCCESS);
        EXPECT_EQ(cm::ZwQueryMultipleValueKey(sub.handle, nullptr, 0, nullptr, &bytes, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(take(film), "+Rename -Rename +SetInformation -SetInformation +QueryMultiple -QueryMultiple");
        EXPECT_EQ(sub.remove_key(), STATUS_SUCCESS);
        EXPECT_EQ(sub.remove_key(), STATUS_KEY_DELETED);
        EXPECT_EQ(take(film), "+DeleteKey -DeleteKey +DeleteKey -DeleteKey");
        ULONG number = 7;
        cm::RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, kOurs, u"W", REG_DWORD, &number, 4);
        EXPECT_EQ(take(film), "+Create -Create +SetValue -SetValue +Close -Close");
        EXPECT_EQ(filter.remove(), STATUS_SUCCESS);
        EXPECT_EQ(filter.remove(), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(key.set(u"V", 1), STATUS_SUCCESS);
        EXPECT_EQ(take(film), "");
    });
}

// Three filters at their altitudes, registered out of order; the middle one refuses, answers itself, changes the result.
// Shows: the order before and after, who is not told, and what the caller gets.
TEST(cm_callback, altitudes_refusals_and_bypasses)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        std::string film;
        Filter high { film, "H" }, middle { film, "M" }, low { film, "L" }, other { film, "?" };
        ASSERT_EQ(low.add(u"99999.5"), STATUS_SUCCESS);
        ASSERT_EQ(high.add(u"0380000"), STATUS_SUCCESS);
        ASSERT_EQ(middle.add(u"100000"), STATUS_SUCCESS);
        EXPECT_EQ(other.add(u"100000.0"), STATUS_FLT_INSTANCE_ALTITUDE_COLLISION);
        EXPECT_EQ(other.add(u""), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(other.add(u"12a"), STATUS_INVALID_PARAMETER);
        KeyHandle key;
        ASSERT_EQ(key.create(kOurs), STATUS_SUCCESS);
        EXPECT_EQ(take(film), "H+Create M+Create L+Create L-Create M-Create H-Create");

        NTSTATUS seen_above = -1;
        high.act = [&](int32_t what, void* info) {
            if (what == RegNtPostSetValueKey)
                seen_above = static_cast<REG_POST_OPERATION_INFORMATION*>(info)->Status;
            return STATUS_SUCCESS;
        };
        middle.act
            = [](int32_t what, void*) { return what == RegNtPreSetValueKey ? STATUS_ACCESS_DENIED : STATUS_SUCCESS; };
        EXPECT_EQ(key.set(u"V", 1), STATUS_ACCESS_DENIED);
        EXPECT_EQ(take(film), "H+SetValue M+SetValue H-SetValue");
        EXPECT_EQ(seen_above, STATUS_ACCESS_DENIED);
        EXPECT_EQ(key.number(u"V"), STATUS_OBJECT_NAME_NOT_FOUND);
        take(film);

        middle.act
            = [](int32_t what, void*) { return what == RegNtPreSetValueKey ? STATUS_CALLBACK_BYPASS : STATUS_SUCCESS; };
        EXPECT_EQ(key.set(u"V", 1), STATUS_SUCCESS);
        EXPECT_EQ(take(film), "H+SetValue M+SetValue H-SetValue");
        EXPECT_EQ(seen_above, STATUS_SUCCESS);
        EXPECT_EQ(key.number(u"V"), STATUS_OBJECT_NAME_NOT_FOUND); // said to be done, and was not
        take(film);

        middle.act = [](int32_t what, void* info) {
            if (what != RegNtPostSetValueKey)
                return STATUS_SUCCESS;
            static_cast<REG_POST_OPERATION_INFORMATION*>(info)->ReturnStatus = STATUS_DISK_FULL;
            return STATUS_CALLBACK_BYPASS;
        };
        EXPECT_EQ(key.set(u"V", 1), STATUS_DISK_FULL);
        EXPECT_EQ(take(film), "H+SetValue M+SetValue L+SetValue L-SetValue M-SetValue H-SetValue");
        EXPECT_EQ(seen_above, STATUS_DISK_FULL);
        EXPECT_EQ(key.number(u"V"), 1);
        for (Filter* filter : { &high, &middle, &low })
            EXPECT_EQ(filter->remove(), STATUS_SUCCESS);
    });
}

// A routine registered the old way stands near the top; two of them in the order they came.
TEST(cm_callback, without_an_altitude)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        std::string film;
        Filter first { film, "1" }, second { film, "2" }, top { film, "T" }, usual { film, "U" };
        EXPECT_EQ(usual.add(u"389999"), STATUS_SUCCESS);
        EXPECT_EQ(cm::CmRegisterCallback(Filter::routine, &first, &first.cookie), STATUS_SUCCESS);
        EXPECT_EQ(top.add(u"430000"), STATUS_SUCCESS);
        EXPECT_EQ(cm::CmRegisterCallback(Filter::routine, &second, &second.cookie), STATUS_SUCCESS);
        KeyHandle key(u"\\Registry\\Machine\\Nothing");
        EXPECT_EQ(take(film), "T+Open 1+Open 2+Open U+Open U-Open 2-Open 1-Open T-Open");
        for (Filter* filter : { &first, &second, &top, &usual })
            EXPECT_EQ(filter->remove(), STATUS_SUCCESS);
        ULONG major = 0, minor = 0;
        cm::CmGetCallbackVersion(&major, &minor);
        cm::CmGetCallbackVersion(nullptr, nullptr);
        EXPECT_EQ(major, 1u);
        EXPECT_EQ(minor, 1u);
    });
}

// A filter in the middle opens and closes a key before and after each create.
// Shows: what it does is told to the filter below it alone.
TEST(cm_callback, recursion_reaches_lower_filters_only)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        std::string film;
        Filter high { film, "H" }, middle { film, "M" }, low { film, "L" };
        middle.act = [&](int32_t what, void*) {
            if (what == RegNtPreCreateKeyEx || what == RegNtPostCreateKeyEx) {
                KeyHandle inner(u"\\Registry\\Machine\\Software");
                EXPECT_EQ(inner.status, STATUS_SUCCESS);
            }
            return STATUS_SUCCESS;
        };
        ASSERT_EQ(high.add(u"3"), STATUS_SUCCESS);
        ASSERT_EQ(middle.add(u"2"), STATUS_SUCCESS);
        ASSERT_EQ(low.add(u"1"), STATUS_SUCCESS);
        KeyHandle key;
        ASSERT_EQ(key.create(kOurs), STATUS_SUCCESS);
        EXPECT_EQ(take(film),
                  "H+Create M+Create L+Open L-Open L+Close L-Close L+Create "
                  "L-Create M-Create L+Open L-Open L+Close L-Close H-Create");
        for (Filter* filter : { &high, &middle, &low })
            EXPECT_EQ(filter->remove(), STATUS_SUCCESS);
    });
}

// What a create's structure says, and a filter that answers an open with another key.
TEST(cm_callback, create_and_open_structures)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        std::string film;
        Filter filter { film, "" };
        KeyHandle other, key;
        ASSERT_EQ(other.create(u"\\Registry\\Machine\\Software\\Other"), STATUS_SUCCESS);
        ASSERT_EQ(other.set(u"Which", 2), STATUS_SUCCESS);
        std::u16string complete, remaining, root, class_text;
        REG_CREATE_KEY_INFORMATION_V1 seen {};
        REG_POST_OPERATION_INFORMATION post {};
        ULONG disposition = 99;
        void* made = nullptr;
        filter.act = [&](int32_t what, void* info) {
            if (what == RegNtPreCreateKeyEx) {
                seen = *static_cast<REG_CREATE_KEY_INFORMATION_V1*>(info);
                complete = *ob::read_string(seen.CompleteName);
                remaining = *ob::read_string(seen.RemainingName);
                root = ob::full_name(seen.RootObject);
                class_text = seen.Class ? *ob::read_string(seen.Class) : u"";
                EXPECT_EQ(*seen.ResultObject, nullptr);
                static_cast<REG_CREATE_KEY_INFORMATION_V1*>(info)->CallContext = &film;
            } else if (what == RegNtPostCreateKeyEx) {
                post = *static_cast<REG_POST_OPERATION_INFORMATION*>(info);
                auto const* pre = static_cast<REG_CREATE_KEY_INFORMATION_V1*>(post.PreInformation);
                disposition = *pre->Disposition;
                made = *pre->ResultObject;
                EXPECT_EQ(pre->CallContext, &film);
            }
            return STATUS_SUCCESS;
        };
        ASSERT_EQ(filter.add(u"1"), STATUS_SUCCESS);
        ASSERT_EQ(key.create(u"\\Registry\\Machine\\Software\\Ours", nullptr, REG_OPTION_VOLATILE, u"Cls"),
                  STATUS_SUCCESS);
        EXPECT_EQ(complete, u"\\Registry\\Machine\\Software\\Ours");
        EXPECT_EQ(remaining, u"Machine\\Software\\Ours");
        EXPECT_EQ(root, u"\\REGISTRY");
        EXPECT_EQ(seen.Version, 1u);
        EXPECT_EQ(seen.Options, REG_OPTION_VOLATILE);
        EXPECT_EQ(seen.DesiredAccess, KEY_ALL_ACCESS);
        EXPECT_EQ(seen.ObjectType, ob::key_type.guest);
        EXPECT_EQ(seen.Attributes, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE);
        EXPECT_EQ(class_text, u"Cls");
        EXPECT_EQ(post.Status, STATUS_SUCCESS);
        EXPECT_EQ(post.CallContext, &film);
        EXPECT_EQ(post.Object, key.body());
        EXPECT_EQ(made, key.body());
        EXPECT_EQ(disposition, REG_CREATED_NEW_KEY);
        KeyHandle sub;
        ASSERT_EQ(sub.create(u"Sub", key.handle, REG_OPTION_VOLATILE), STATUS_SUCCESS);
        EXPECT_EQ(remaining, u"Sub");
        EXPECT_EQ(root, u"\\REGISTRY\\MACHINE\\SOFTWARE\\Ours");

        // An open that would fail succeeds with another object, before and after.
        for (int32_t when : { RegNtPreOpenKeyEx, RegNtPostOpenKeyEx }) {
            filter.act = [&](int32_t what, void* info) {
                if (what != when)
                    return STATUS_SUCCESS;
                auto* post_info = static_cast<REG_POST_OPERATION_INFORMATION*>(info);
                auto* pre = static_cast<REG_CREATE_KEY_INFORMATION_V1*>(
                    what == RegNtPreOpenKeyEx ? info : post_info->PreInformation);
                if (what == RegNtPostOpenKeyEx) {
                    EXPECT_EQ(post_info->Status, STATUS_OBJECT_NAME_NOT_FOUND);
                    EXPECT_EQ(post_info->Object, nullptr);
                    post_info->ReturnStatus = STATUS_SUCCESS;
                }
                ob::reference(other.body());
                *pre->ResultObject = other.body();
                pre->GrantedAccess = pre->DesiredAccess;
                return STATUS_CALLBACK_BYPASS;
            };
            ASSERT_EQ(key.open(u"\\Registry\\Machine\\Software\\Missing"), STATUS_SUCCESS);
            EXPECT_EQ(key.number(u"Which"), 2);
            EXPECT_EQ(key.body(), other.body());
        }
        // A success becomes a failure: the object is the filter's to let go of.
        size_t const objects = ob::count();
        filter.act = [&](int32_t what, void* info) {
            if (what != RegNtPostOpenKeyEx)
                return STATUS_SUCCESS;
            auto* post_info = static_cast<REG_POST_OPERATION_INFORMATION*>(info);
            ob::dereference(post_info->Object);
            post_info->ReturnStatus = STATUS_ACCESS_DENIED;
            return STATUS_CALLBACK_BYPASS;
        };
        KeyHandle refused;
        EXPECT_EQ(refused.open(u"\\Registry\\Machine\\Software\\Other"), STATUS_ACCESS_DENIED);
        EXPECT_EQ(ob::count(), objects);
        EXPECT_EQ(filter.remove(), STATUS_SUCCESS);
    });
}

// A routine that is still in a call when its driver unregisters it, over many schedules.
// Shows: CmUnRegisterCallback returns when the routine has, and not before.
TEST(cm_callback, unregistering_waits_for_running_routines)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        BootedKernel boot({ .seed = seed });
        std::string film;
        bool inside = false, returned = false;
        Filter filter { film, "" };
        filter.act = [&](int32_t, void*) {
            inside = true;
            LARGE_INTEGER wait { .QuadPart = -1000 };
            ke::kernel().delay(KernelMode, false, wait);
            returned = true;
            return STATUS_SUCCESS;
        };
        std::function<void()> caller = [] { KeyHandle key(u"\\Registry\\Machine\\Nothing"); };
        boot.run_on_thread([&] {
            ASSERT_EQ(filter.add(u"1"), STATUS_SUCCESS);
            start_beside(boot, caller);
            while (!inside) {
                LARGE_INTEGER wait { .QuadPart = -10 };
                ke::kernel().delay(KernelMode, false, wait);
            }
            EXPECT_FALSE(returned);
            EXPECT_EQ(filter.remove(), STATUS_SUCCESS);
            EXPECT_TRUE(returned);
        });
        boot.settle();
    }
}

// A routine raises an exception and handles it nowhere.
// Shows: bug check 0x135 since Windows 7; before, the exception is quietly accepted.
TEST(cm_callback, exceptions)
{
    for (Windows windows : { Windows::vista, Windows::v11_24H2 }) {
        BootedKernel boot({ .windows = windows });
        std::string film;
        Filter filter { film, "" };
        filter.act = [](int32_t, void*) -> NTSTATUS { ke::raise(STATUS_ACCESS_VIOLATION); };
        bool const done = boot.run_on_thread([&] {
            ASSERT_EQ(filter.add(u"1"), STATUS_SUCCESS);
            KeyHandle key(u"\\Registry\\Machine\\Software");
            EXPECT_EQ(key.status, STATUS_SUCCESS);
            filter.act = nullptr;
            filter.remove();
        });
        EXPECT_EQ(done, windows == Windows::vista);
        if (!done) {
            ASSERT_TRUE(boot.crash());
            EXPECT_EQ(boot.crash()->code, REGISTRY_FILTER_DRIVER_EXCEPTION);
            EXPECT_EQ(boot.crash()->parameters[0], static_cast<uint32_t>(STATUS_ACCESS_VIOLATION));
        }
    }
}
