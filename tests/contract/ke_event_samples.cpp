// SPDX-License-Identifier: MIT
// Events and semaphores.
#include "contract.h"

#include "ke/dispatcher_objects.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(KeInitializeEvent)
{
    auto& event = at.object<KEVENT>();
    at.call(&event, SynchronizationEvent, TRUE);
    EXPECT_EQ(event.Header.Type, EventSynchronizationObject);
    EXPECT_EQ(event.Header.SignalState, 1);
    EXPECT_EQ(event.Header.WaitListHead.Flink, &event.Header.WaitListHead);
}

SAMPLE(KeSetEvent)
{
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, FALSE);
    at.returns(LONG { 0 }, &event, IO_NO_INCREMENT, FALSE);
    EXPECT_EQ(event.Header.SignalState, 1);
    at.returns(LONG { 1 }, &event, IO_NO_INCREMENT, FALSE);
    EXPECT_EQ(event.Header.SignalState, 1);
}

SAMPLE(KeResetEvent)
{
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, TRUE);
    at.returns(LONG { 1 }, &event);
    at.returns(LONG { 0 }, &event);
    EXPECT_EQ(event.Header.SignalState, 0);
}

SAMPLE(KeClearEvent)
{
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    at.call(&event);
    EXPECT_EQ(event.Header.SignalState, 0);
}

SAMPLE(KePulseEvent)
{
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, TRUE);
    at.returns(LONG { 1 }, &event, IO_NO_INCREMENT, FALSE);
    EXPECT_EQ(event.Header.SignalState, 0);
}

SAMPLE(KeReadStateEvent)
{
    auto& event = at.object<KEVENT>();
    ke::KeInitializeEvent(&event, NotificationEvent, TRUE);
    at.returns(LONG { 1 }, &event);
}

SAMPLE(KeInitializeSemaphore)
{
    auto& semaphore = at.object<KSEMAPHORE>();
    at.call(&semaphore, 2, 5);
    EXPECT_EQ(semaphore.Header.Type, SemaphoreObject);
    EXPECT_EQ(semaphore.Header.SignalState, 2);
    EXPECT_EQ(semaphore.Limit, 5);
}

SAMPLE(KeReleaseSemaphore)
{
    auto& semaphore = at.object<KSEMAPHORE>();
    ke::KeInitializeSemaphore(&semaphore, 1, 3);
    at.returns(LONG { 1 }, &semaphore, IO_NO_INCREMENT, 2, FALSE);
    EXPECT_EQ(semaphore.Header.SignalState, 3);
    if (at.at_passive())
        at.raises(STATUS_SEMAPHORE_LIMIT_EXCEEDED, &semaphore, IO_NO_INCREMENT, 1, FALSE);
    EXPECT_EQ(semaphore.Header.SignalState, 3);
}

SAMPLE(KeReadStateSemaphore)
{
    auto& semaphore = at.object<KSEMAPHORE>();
    ke::KeInitializeSemaphore(&semaphore, 4, 5);
    at.returns(LONG { 4 }, &semaphore);
}
