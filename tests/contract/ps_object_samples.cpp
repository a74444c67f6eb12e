// SPDX-License-Identifier: MIT
// Who is who among processes and threads, threads of drivers, notify routines.
#include "contract.h"

#include "ke/dispatcher_objects.h"
#include "ob/capture.h"
#include "ob/handle.h"
#include "ps/ddi.h"
#include "ps/process.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

PEPROCESS system_process() { return reinterpret_cast<PEPROCESS>(ps::manager().system().guest); }
ke::Process& client() { return *ps::manager().create_client(u"\\??\\C:\\client.exe").take(); }
PEPROCESS pointer(ke::Process& process) { return reinterpret_cast<PEPROCESS>(process.guest); }
ke::Thread& current() { return ke::kernel().current(); }
PKTHREAD self() { return current().pointer(); }
HANDLE id(uint64_t number) { return reinterpret_cast<HANDLE>(number); }

void NTAPI routine(HANDLE, HANDLE, BOOLEAN) { }
void NTAPI routine_ex(EPROCESS*, HANDLE, PS_CREATE_NOTIFY_INFO*) { }
void NTAPI image_routine(UNICODE_STRING*, HANDLE, IMAGE_INFO*) { }
void NTAPI adds_one(PVOID number) { ++*static_cast<int*>(number); }

// A thread that has ended, referenced.
PETHREAD ended_thread()
{
    ke::Thread* thread = ps::manager().create_system_thread([](ke::Thread&, void*) { }, nullptr).take();
    ob::reference(thread->guest);
    ke::KeWaitForSingleObject(thread->guest, Executive, KernelMode, FALSE, nullptr);
    return reinterpret_cast<PETHREAD>(thread->guest);
}

} // namespace

// --- Threads ---

SAMPLE(PsGetCurrentThread) { at.returns(self()); }
SAMPLE(KeGetCurrentThread) { at.returns(self()); }
SAMPLE(PsGetCurrentThreadId) { at.returns(id(current().id)); }
SAMPLE(PsGetThreadId)
{
    at.returns(id(current().id), self());
    at.bug_checks(REFERENCE_BY_POINTER, system_process());
}
SAMPLE(PsGetThreadProcess) { at.returns(system_process(), self()); }
SAMPLE(IoThreadToProcess) { at.returns(system_process(), self()); }
SAMPLE(PsGetThreadProcessId) { at.returns(id(4), self()); }
SAMPLE(PsIsSystemThread) { at.returns(BOOLEAN { TRUE }, self()); }
SAMPLE(IoIsSystemThread) { at.returns(BOOLEAN { TRUE }, self()); }
SAMPLE(PsIsThreadTerminating)
{
    at.returns(BOOLEAN { FALSE }, self());
    at.returns(BOOLEAN { TRUE }, ended_thread());
}
SAMPLE(PsGetThreadExitStatus)
{
    at.status(STATUS_PENDING, self());
    at.status(STATUS_SUCCESS, ended_thread());
}
SAMPLE(PsGetThreadCreateTime) { at.returns(LONGLONG { ps::manager().record_of(current())->create_time }, self()); }

SAMPLE(PsLookupThreadByThreadId)
{
    auto& thread = at.object<PETHREAD>();
    at.status(STATUS_SUCCESS, id(current().id), &thread);
    EXPECT_EQ(static_cast<void*>(thread), self());
    at.status(STATUS_INVALID_PARAMETER, id(current().id + 4000), &thread);
}

SAMPLE(PsCreateSystemThread)
{
    auto& handle = at.object<HANDLE>();
    auto& number = at.object<int>();
    auto& which = at.object<CLIENT_ID>();
    at.status(STATUS_SUCCESS, &handle, THREAD_ALL_ACCESS, nullptr, nullptr, &which, adds_one, &number);
    at.also("ZwWaitForSingleObject", handle, FALSE, nullptr);
    EXPECT_EQ(number, 1);
    EXPECT_EQ(which.UniqueProcess, id(4));
    EXPECT_TRUE(ob::is_kernel_handle(handle));
    auto& given = at.object<OBJECT_ATTRIBUTES>();
    given.Length = 4;
    at.status(STATUS_INVALID_PARAMETER, &handle, THREAD_ALL_ACCESS, &given, nullptr, nullptr, adds_one, &number);
    at.status(STATUS_INVALID_HANDLE, &handle, THREAD_ALL_ACCESS, nullptr, id(0x4444), nullptr, adds_one, &number);
}

CLIENT_SAMPLE(PsTerminateSystemThread) { at.status(STATUS_INVALID_PARAMETER, STATUS_SUCCESS); }

// --- Processes ---

SAMPLE(IoGetCurrentProcess) { at.returns(system_process()); }
SAMPLE(PsGetCurrentProcess) { at.returns(system_process()); }
SAMPLE(PsGetCurrentProcessId) { at.returns(id(4)); }
SAMPLE(PsGetProcessId)
{
    ke::Process& process = client();
    at.returns(id(process.id), pointer(process));
    at.bug_checks(REFERENCE_BY_POINTER, self());
}
SAMPLE(PsGetProcessImageFileName)
{
    auto* name = reinterpret_cast<char const*>(at.call(pointer(client())));
    ASSERT_NE(name, nullptr);
    EXPECT_STREQ(name, "client.exe");
}
SAMPLE(PsGetProcessCreateTimeQuadPart)
{
    ke::Process& process = client();
    at.returns(LONGLONG { ps::manager().record_of(process)->create_time }, pointer(process));
}
SAMPLE_OF_NOTHING(PsGetProcessExitTime, "the current process has not ended") { at.returns(LONGLONG { 0 }); }
SAMPLE(PsGetProcessExitStatus)
{
    ke::Process& process = client();
    ob::reference(process.guest);
    at.status(STATUS_PENDING, pointer(process));
    ps::manager().end_client(process, STATUS_CANCELLED);
    at.status(STATUS_CANCELLED, pointer(process));
}
SAMPLE(PsGetProcessInheritedFromUniqueProcessId) { at.returns(id(4), pointer(client())); }

SAMPLE(PsLookupProcessByProcessId)
{
    ke::Process& process = client();
    auto& found = at.object<PEPROCESS>();
    at.status(STATUS_SUCCESS, id(process.id), &found);
    EXPECT_EQ(found, pointer(process));
    EXPECT_EQ(ob::references(process.guest), 2u);
    at.status(STATUS_INVALID_CID, id(process.id + 4000), &found);
}

SAMPLE(PsGetVersion)
{
    auto* numbers = static_cast<ULONG*>(at.bytes(12));
    auto& pack = at.object<UNICODE_STRING>();
    at.returns(BOOLEAN { FALSE }, numbers, numbers + 1, numbers + 2, &pack);
    EXPECT_EQ(numbers[0], 10u);
    EXPECT_EQ(numbers[2], 26100u);
    EXPECT_NE(pack.Buffer, nullptr);
    at.returns(BOOLEAN { FALSE }, nullptr, nullptr, nullptr, nullptr);
}

SAMPLE(ZwOpenProcess)
{
    ke::Process& process = client();
    auto& handle = at.object<HANDLE>();
    auto& given = at.object<OBJECT_ATTRIBUTES>();
    given.Length = sizeof given;
    auto& which = at.object<CLIENT_ID>();
    which.UniqueProcess = id(process.id);
    at.status(STATUS_SUCCESS, &handle, PROCESS_DUP_HANDLE, &given, &which);
    auto found = ob::resolve_handle(ob::current_process(), handle, KernelMode);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->body, process.guest);
    EXPECT_EQ(found->granted, PROCESS_DUP_HANDLE);
    at.status(STATUS_INVALID_PARAMETER_MIX, &handle, PROCESS_DUP_HANDLE, &given, nullptr);
    which.UniqueProcess = id(process.id + 4000);
    at.status(STATUS_INVALID_CID, &handle, PROCESS_DUP_HANDLE, &given, &which);
    given.Length = 1;
    at.status(STATUS_INVALID_PARAMETER, &handle, PROCESS_DUP_HANDLE, &given, &which);
}

SAMPLE(ZwDuplicateObject)
{
    HANDLE const here = ob::current_process_handle(), thread = ob::current_thread_handle();
    auto& copy = at.object<HANDLE>();
    at.status(STATUS_SUCCESS, here, thread, here, &copy, THREAD_ALERT, OBJ_INHERIT, 0u);
    auto found = ob::resolve_handle(ob::current_process(), copy, KernelMode);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->body, static_cast<void*>(self()));
    EXPECT_EQ(found->granted, THREAD_ALERT);
    EXPECT_TRUE(found->inherit);
    at.status(STATUS_SUCCESS, here, copy, nullptr, nullptr, 0u, 0u, DUPLICATE_CLOSE_SOURCE);
    at.status(STATUS_INVALID_HANDLE, here, copy, here, &copy, 0u, 0u, DUPLICATE_SAME_ACCESS);
    at.status(STATUS_INVALID_PARAMETER, here, thread, nullptr, nullptr, 0u, 0u, 0u);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, thread, thread, here, &copy, 0u, 0u, DUPLICATE_SAME_ACCESS);
}

// --- Notify routines ---

SAMPLE(PsSetCreateProcessNotifyRoutine)
{
    at.status(STATUS_SUCCESS, routine, FALSE);
    EXPECT_EQ(ps::manager().process_notify.count(), 1u);
    at.status(STATUS_INVALID_PARAMETER, routine, FALSE);
    at.status(STATUS_SUCCESS, routine, TRUE);
    at.status(STATUS_PROCEDURE_NOT_FOUND, routine, TRUE);
}

SAMPLE(PsSetCreateProcessNotifyRoutineEx)
{
    at.status(STATUS_SUCCESS, routine_ex, FALSE);
    EXPECT_EQ(ps::manager().process_notify.count(), 1u);
    at.status(STATUS_INVALID_PARAMETER, routine_ex, FALSE);
    at.status(STATUS_SUCCESS, routine_ex, TRUE);
    at.status(STATUS_PROCEDURE_NOT_FOUND, routine_ex, TRUE);
    at.status(STATUS_ACCESS_DENIED, at.bytes(16), FALSE); // in no image
}

SAMPLE(PsSetCreateThreadNotifyRoutine)
{
    for (int i = 0; i < 64; ++i)
        at.status(STATUS_SUCCESS, routine);
    EXPECT_EQ(ps::manager().thread_notify.count(), 64u);
    at.status(STATUS_INSUFFICIENT_RESOURCES, routine);
}

SAMPLE(PsRemoveCreateThreadNotifyRoutine)
{
    at.also("PsSetCreateThreadNotifyRoutine", routine);
    at.status(STATUS_SUCCESS, routine);
    EXPECT_EQ(ps::manager().thread_notify.count(), 0u);
    at.status(STATUS_PROCEDURE_NOT_FOUND, routine);
}

SAMPLE(PsSetLoadImageNotifyRoutine)
{
    for (int i = 0; i < 64; ++i)
        at.status(STATUS_SUCCESS, image_routine);
    EXPECT_EQ(ps::manager().image_notify.count(), 64u);
    at.status(STATUS_INSUFFICIENT_RESOURCES, image_routine);
}

SAMPLE(PsRemoveLoadImageNotifyRoutine)
{
    at.also("PsSetLoadImageNotifyRoutine", image_routine);
    at.status(STATUS_SUCCESS, image_routine);
    EXPECT_EQ(ps::manager().image_notify.count(), 0u);
    at.status(STATUS_PROCEDURE_NOT_FOUND, image_routine);
}
