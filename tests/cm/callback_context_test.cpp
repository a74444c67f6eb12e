// SPDX-License-Identifier: MIT
// What registry callbacks attach to key objects and learn of them: contexts, identifiers, names.
#include "boot.h"
#include "filter.h"
#include "ob/capture.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::test;

// Contexts of key objects: two filters, each with its own; objects that go, and a filter that does.
// Shows: who gets which context back, and that each is cleaned up once.
TEST(cm_callback, object_contexts)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        std::string film;
        std::vector<void*> cleaned;
        Filter one { film, "1" }, two { film, "2" };
        auto keep = [&](int32_t what, void* info) {
            if (what == RegNtCallbackObjectContextCleanup)
                cleaned.push_back(static_cast<REG_CALLBACK_CONTEXT_CLEANUP_INFORMATION*>(info)->ObjectContext);
            return STATUS_SUCCESS;
        };
        void* got = nullptr;
        one.act = [&](int32_t what, void* info) {
            if (what == RegNtPreSetValueKey)
                got = static_cast<REG_SET_VALUE_KEY_INFORMATION*>(info)->ObjectContext;
            return keep(what, info);
        };
        two.act = keep;
        ASSERT_EQ(one.add(u"1"), STATUS_SUCCESS);
        ASSERT_EQ(two.add(u"2"), STATUS_SUCCESS);
        KeyHandle a, b;
        ASSERT_EQ(a.create(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(b.open(kOurs), STATUS_SUCCESS);
        int marks[4];
        PVOID old = &film;
        EXPECT_EQ(cm::CmSetCallbackObjectContext(a.body(), &one.cookie, &marks[0], &old), STATUS_SUCCESS);
        EXPECT_EQ(old, nullptr);
        EXPECT_EQ(cm::CmSetCallbackObjectContext(a.body(), &one.cookie, &marks[1], &old), STATUS_SUCCESS);
        EXPECT_EQ(old, &marks[0]);
        EXPECT_EQ(cm::CmSetCallbackObjectContext(a.body(), &two.cookie, &marks[2], nullptr), STATUS_SUCCESS);
        EXPECT_EQ(cm::CmSetCallbackObjectContext(b.body(), &one.cookie, &marks[3], nullptr), STATUS_SUCCESS);
        LARGE_INTEGER wrong { .QuadPart = 1 };
        EXPECT_EQ(cm::CmSetCallbackObjectContext(b.body(), &wrong, &marks[3], nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(cm::CmSetCallbackObjectContext(nullptr, &one.cookie, &marks[3], nullptr), STATUS_INVALID_PARAMETER);
        a.set(u"V", 1);
        EXPECT_EQ(got, &marks[1]);
        b.set(u"V", 2);
        EXPECT_EQ(got, &marks[3]);
        take(film);
        a.close();
        EXPECT_EQ(take(film), "2+Close 1+Close 1-Close 2-Close 2Cleanup 1Cleanup");
        EXPECT_EQ(cleaned, (std::vector<void*> { &marks[2], &marks[1] }));
        cleaned.clear();
        EXPECT_EQ(one.remove(), STATUS_SUCCESS);
        EXPECT_EQ(take(film), "1Cleanup");
        EXPECT_EQ(cleaned, (std::vector<void*> { &marks[3] }));
        EXPECT_EQ(two.remove(), STATUS_SUCCESS);
    });
}

// Two objects of one key, renamed between two questions.
// Shows: one identifier for both, that it outlives the name, and which of the names are fresh.
TEST(cm_callback, key_object_ids)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        std::string film;
        Filter filter { film, "" };
        ASSERT_EQ(filter.add(u"1"), STATUS_SUCCESS);
        KeyHandle a, b, c;
        ASSERT_EQ(a.create(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(b.open(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(c.open(u"\\Registry\\Machine\\Software"), STATUS_SUCCESS);
        ULONG_PTR id[3];
        UNICODE_STRING* name[3];
        EXPECT_EQ(cm::CmCallbackGetKeyObjectIDEx(&filter.cookie, a.body(), &id[0], &name[0], 0), STATUS_SUCCESS);
        EXPECT_EQ(cm::CmCallbackGetKeyObjectID(&filter.cookie, b.body(), &id[1], &name[1]), STATUS_SUCCESS);
        EXPECT_EQ(cm::CmCallbackGetKeyObjectID(&filter.cookie, c.body(), &id[2], nullptr), STATUS_SUCCESS);
        EXPECT_EQ(id[0], id[1]);
        EXPECT_NE(id[0], id[2]);
        EXPECT_EQ(*ob::read_string(name[0]), u"\\REGISTRY\\MACHINE\\SOFTWARE\\Ours");
        cm::CmCallbackReleaseKeyObjectIDEx(name[0]);
        UNICODE_STRING fresh = counted(u"Theirs");
        ASSERT_EQ(cm::ZwRenameKey(a.handle, &fresh), STATUS_SUCCESS);
        EXPECT_EQ(cm::CmCallbackGetKeyObjectIDEx(&filter.cookie, a.body(), &id[2], &name[0], 0), STATUS_SUCCESS);
        EXPECT_EQ(id[2], id[0]);
        EXPECT_EQ(*ob::read_string(name[0]), u"\\REGISTRY\\MACHINE\\SOFTWARE\\Theirs");
        cm::CmCallbackReleaseKeyObjectIDEx(name[0]);
        EXPECT_EQ(cm::CmCallbackGetKeyObjectID(&filter.cookie, b.body(), nullptr, &name[2]), STATUS_SUCCESS);
        EXPECT_EQ(*ob::read_string(name[2]), u"\\REGISTRY\\MACHINE\\SOFTWARE\\Ours"); // stale, as documented
        EXPECT_EQ(cm::CmCallbackGetKeyObjectIDEx(&filter.cookie, a.body(), nullptr, nullptr, 1),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(cm::CmCallbackGetKeyObjectIDEx(&filter.cookie, &film, nullptr, nullptr, 0), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(cm::CmGetBoundTransaction(&filter.cookie, a.body()), nullptr);
        EXPECT_EQ(filter.remove(), STATUS_SUCCESS);
    });
}
