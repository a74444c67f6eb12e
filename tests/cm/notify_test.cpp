// SPDX-License-Identifier: MIT
// ZwNotifyChangeKey: which changes are seen where, and how a request ends.
#include "boot.h"
#include "cm/notify.h"
#include "key_handles.h"

#include <gtest/gtest.h>

using namespace ringside;
using namespace ringside::nt;
using ringside::test::BootedKernel;
using ringside::test::counted;
using ringside::test::KeyHandle;

namespace {

constexpr char16_t kOurs[] = u"\\Registry\\Machine\\Software\\Ours";

// An asynchronous request with an event.
struct Asked {
    IO_STATUS_BLOCK io {};
    HANDLE event = nullptr;

    Asked()
    {
        OBJECT_ATTRIBUTES given { .Length = sizeof given, .Attributes = OBJ_KERNEL_HANDLE };
        ob::ZwCreateEvent(&event, EVENT_ALL_ACCESS, &given, NotificationEvent, TRUE);
    }
    ~Asked() { ob::ZwClose(event); }
    NTSTATUS ask(KeyHandle const& key, ULONG filter, BOOLEAN tree)
    {
        return cm::ZwNotifyChangeKey(key.handle, event, nullptr, nullptr, &io, filter, tree, nullptr, 0, TRUE);
    }
    bool signalled() const
    {
        LARGE_INTEGER none {};
        return ob::ZwWaitForSingleObject(event, FALSE, &none) == STATUS_SUCCESS;
    }
};

void NTAPI set_flag(PVOID flag) { *static_cast<bool*>(flag) = true; }

constexpr ULONG kAll = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_ATTRIBUTES | REG_NOTIFY_CHANGE_LAST_SET;

} // namespace

// Every kind of change, at the key and below it, under every filter.
TEST(cm_notify, filters_and_trees)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        KeyHandle ours, sub, other;
        ASSERT_EQ(ours.create(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(sub.create(u"Sub", ours.handle), STATUS_SUCCESS);
        uint32_t number = 0;
        struct Change {
            ULONG filter;
            bool below;
            std::function<void()> make;
        };
        Change const changes[] = {
            { REG_NOTIFY_CHANGE_LAST_SET, false, [&] { ours.set(u"V", ++number); } },
            { REG_NOTIFY_CHANGE_LAST_SET, true, [&] { sub.set(u"V", ++number); } },
            { REG_NOTIFY_CHANGE_LAST_SET, true, [&] { sub.remove(u"V"); } },
            { REG_NOTIFY_CHANGE_NAME, false, [&] { other.create(u"Other", ours.handle); } },
            { REG_NOTIFY_CHANGE_NAME, false, [&] { other.remove_key(); } },
            { REG_NOTIFY_CHANGE_NAME, true, [&] { other.create(u"Below", sub.handle); } },
            { REG_NOTIFY_CHANGE_NAME, true, [&] { other.remove_key(); } },
            { REG_NOTIFY_CHANGE_ATTRIBUTES, true,
              [&] {
                  ULONG flags = 1;
                  cm::ZwSetInformationKey(sub.handle, KeyWow64FlagsInformation, &flags, 4);
              } },
        };
        for (Change const& change : changes) {
            // One key object for each combination: the first call on it says what it watches for.
            KeyHandle watched[6];
            Asked asked[6];
            ULONG const filters[]
                = { REG_NOTIFY_CHANGE_NAME, REG_NOTIFY_CHANGE_ATTRIBUTES, REG_NOTIFY_CHANGE_LAST_SET };
            for (unsigned i = 0; i < 6; ++i) {
                ASSERT_EQ(watched[i].open(kOurs), STATUS_SUCCESS);
                EXPECT_EQ(asked[i].ask(watched[i], filters[i / 2], i % 2), STATUS_PENDING);
                EXPECT_FALSE(asked[i].signalled());
            }
            change.make();
            for (unsigned i = 0; i < 6; ++i) {
                bool const wanted = filters[i / 2] == change.filter && (!change.below || i % 2);
                EXPECT_EQ(asked[i].signalled(), wanted) << "change " << &change - changes << " request " << i;
                EXPECT_EQ(asked[i].io.Status, wanted ? STATUS_NOTIFY_ENUM_DIR : STATUS_PENDING);
            }
        }
        EXPECT_EQ(cm::notifies_pending(), 0u);
    });
}

// A value is set to what it is; a change happens while nobody asks; the handle closes; the key is deleted.
TEST(cm_notify, how_requests_end)
{
    BootedKernel boot;
    boot.run_on_thread([&] {
        KeyHandle ours, watched;
        ASSERT_EQ(ours.create(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(ours.set(u"V", 1), STATUS_SUCCESS);
        ASSERT_EQ(watched.open(kOurs), STATUS_SUCCESS);
        Asked asked;
        ASSERT_EQ(asked.ask(watched, kAll, FALSE), STATUS_PENDING);
        ours.set(u"V", 1);
        EXPECT_FALSE(asked.signalled());
        ours.set(u"V", 2);
        EXPECT_TRUE(asked.signalled());
        ours.set(u"V", 3); // between two calls
        EXPECT_EQ(asked.ask(watched, kAll, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(asked.io.Status, STATUS_NOTIFY_ENUM_DIR);
        EXPECT_TRUE(asked.signalled());

        Asked second;
        ASSERT_EQ(asked.ask(watched, kAll, FALSE), STATUS_PENDING);
        ASSERT_EQ(second.ask(watched, kAll, FALSE), STATUS_PENDING);
        watched.close();
        for (Asked const* each : { &asked, &second }) {
            EXPECT_TRUE(each->signalled());
            EXPECT_EQ(each->io.Status, STATUS_NOTIFY_CLEANUP);
        }
        ASSERT_EQ(watched.open(kOurs), STATUS_SUCCESS);
        ASSERT_EQ(asked.ask(watched, REG_NOTIFY_CHANGE_NAME, FALSE), STATUS_PENDING);
        EXPECT_EQ(ours.remove_key(), STATUS_SUCCESS);
        EXPECT_EQ(asked.io.Status, STATUS_NOTIFY_ENUM_DIR);
        EXPECT_EQ(asked.ask(watched, kAll, FALSE), STATUS_KEY_DELETED);
        EXPECT_EQ(asked.ask(watched, 0, FALSE), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(asked.ask(watched, 0x100, FALSE), STATUS_INVALID_PARAMETER);
    });
}

// A synchronous call, a work item in place of the APC, and a thread that ends with a request open, over many schedules.
TEST(cm_notify, waiting_work_items_and_threads)
{
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        BootedKernel boot({ .seed = seed });
        KeyHandle ours, watched;
        auto* io = new IO_STATUS_BLOCK[2] {};
        NTSTATUS waited = -1;
        bool worked = false;
        WORK_QUEUE_ITEM item {};
        item.WorkerRoutine = set_flag;
        item.Parameter = &worked;
        boot.run_on_thread([&] {
            ASSERT_EQ(ours.create(kOurs), STATUS_SUCCESS);
            ASSERT_EQ(watched.open(kOurs), STATUS_SUCCESS);
            EXPECT_EQ(cm::ZwNotifyChangeKey(watched.handle, nullptr, reinterpret_cast<PIO_APC_ROUTINE>(&item),
                                            reinterpret_cast<PVOID>(DelayedWorkQueue), &io[0], kAll, FALSE, nullptr, 0,
                                            TRUE),
                      STATUS_PENDING);
        });
        std::function<void()> waiter = [&] {
            waited = cm::ZwNotifyChangeKey(watched.handle, nullptr, nullptr, nullptr, &io[1], kAll, FALSE, nullptr, 0,
                                           FALSE);
        };
        boot.run_on_thread([&] {
            test::start_beside(boot, waiter);
            while (cm::notifies_pending() < 2) {
                LARGE_INTEGER wait { .QuadPart = -10 };
                ke::kernel().delay(KernelMode, false, wait);
            }
            EXPECT_FALSE(worked);
            ours.set(u"V", 1);
        });
        boot.settle();
        EXPECT_EQ(waited, STATUS_SUCCESS);
        EXPECT_TRUE(worked);
        EXPECT_EQ(io[0].Status, STATUS_NOTIFY_ENUM_DIR);
        EXPECT_EQ(io[1].Status, STATUS_NOTIFY_ENUM_DIR);
        boot.run_on_thread([&] {
            Asked asked;
            ASSERT_EQ(asked.ask(watched, kAll, FALSE), STATUS_PENDING);
            cm::end_thread_notifies(ke::kernel().current().number);
            EXPECT_EQ(asked.io.Status, STATUS_NOTIFY_CLEANUP);
            EXPECT_TRUE(asked.signalled());
            EXPECT_EQ(cm::notifies_pending(), 0u);
            ours.close();
            watched.close();
        });
        delete[] io;
    }
}
