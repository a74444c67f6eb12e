// SPDX-License-Identifier: MIT
// Processes and threads: small questions, quota, ends, queries, the newer notify routines.
#include "contract.h"

#include "ob/capture.h"
#include "ob/handle.h"
#include "ps/ddi.h"
#include "ps/process.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

constexpr char const* kNone = "there is none";
constexpr char const* kSessionZero = "the only session is 0";

PEPROCESS system_process() { return reinterpret_cast<PEPROCESS>(ps::manager().system().guest); }
ke::Process& client() { return *ps::manager().create_client(u"\\??\\C:\\client.exe").take(); }
ke::Process& narrow_client()
{
    return *ps::manager().create_client(u"\\??\\C:\\narrow.exe", se::Account::User, mm::Width::Bits32).take();
}
PEPROCESS pointer(ke::Process& process) { return reinterpret_cast<PEPROCESS>(process.guest); }
PKTHREAD self() { return ke::kernel().current().pointer(); }
HANDLE id(uint64_t number) { return reinterpret_cast<HANDLE>(number); }
HANDLE open(void* body) { return *ob::open_handle(ob::current_process(), body, { .access = 0x1FFFFF }); }
HANDLE const kSelf = ob::current_process_handle(), kThread = ob::current_thread_handle();

void NTAPI process_routine(EPROCESS*, HANDLE, PS_CREATE_NOTIFY_INFO*) { }
void NTAPI thread_routine(HANDLE, HANDLE, BOOLEAN) { }
void NTAPI image_routine(UNICODE_STRING*, HANDLE, IMAGE_INFO*) { }

// Of a process, of a thread: null, and bug check 0x18 for anything else.
void nothing_of(At& at, void* object, void* other)
{
    at.returns(PVOID {}, object);
    at.bug_checks(REFERENCE_BY_POINTER, other);
}

// The thread acts as an ordinary user meanwhile.
template <typename Work>
void as_user(At& at, Work work)
{
    se::Security& s = at.rooms().security;
    s.impersonate(ke::kernel().current(), { (*s.make_primary(se::Account::User))->body, SecurityImpersonation });
    work();
    s.impersonate(ke::kernel().current(), {});
}

} // namespace

#define NOTHING_OF_PROCESS(service)                                                                                    \
    SAMPLE(service) { nothing_of(at, system_process(), self()); }
#define NOTHING_OF_THREAD(service)                                                                                     \
    SAMPLE(service) { nothing_of(at, self(), system_process()); }
NOTHING_OF_PROCESS(PsGetProcessPeb)
NOTHING_OF_PROCESS(PsGetProcessWin32Process)
NOTHING_OF_PROCESS(PsGetProcessDebugPort)
NOTHING_OF_PROCESS(PsGetProcessJob)
NOTHING_OF_PROCESS(PsIsProcessBeingDebugged)
NOTHING_OF_PROCESS(PsIsProtectedProcess)
NOTHING_OF_PROCESS(PsGetProcessSessionId)
NOTHING_OF_PROCESS(PsGetProcessSessionIdEx)
NOTHING_OF_THREAD(PsGetThreadWin32Thread)
NOTHING_OF_THREAD(PsGetThreadTeb)
NOTHING_OF_THREAD(PsGetThreadSessionId)
NOTHING_OF_THREAD(PsGetThreadServerSilo)

SAMPLE(PsGetProcessSectionBaseAddress)
{
    ke::Process& process = client();
    auto* base = reinterpret_cast<uint16_t*>(at.call(pointer(process)));
    uint16_t magic = 0;
    EXPECT_TRUE(mm::read_process(process, &magic, base, sizeof magic));
    EXPECT_EQ(magic, 0x5A4D);
    at.returns(PVOID {}, system_process());
    at.bug_checks(REFERENCE_BY_POINTER, self());
}

SAMPLE(SeLocateProcessImageName)
{
    EXPECT_TRUE(ob::create_symbolic_link(u"\\??\\C:", u"\\Device\\HarddiskVolume1").ok());
    auto& name = at.object<UNICODE_STRING*>();
    at.status(STATUS_SUCCESS, pointer(client()), &name);
    ASSERT_NE(name, nullptr);
    EXPECT_EQ(std::u16string_view(name->Buffer, name->Length / 2), u"\\Device\\HarddiskVolume1\\client.exe");
    EXPECT_EQ(name->Buffer, reinterpret_cast<char16_t*>(name + 1)) << "one block";
    at.also("ExFreePool", name);
    at.status(STATUS_NOT_FOUND, system_process(), &name);
    EXPECT_EQ(name, nullptr);
}

SAMPLE(PsGetProcessWow64Process)
{
    ke::Process& narrow = narrow_client();
    at.returns(PVOID {}, system_process());
    at.returns(ps::manager().record_of(narrow)->narrow_peb, pointer(narrow));
    at.bug_checks(REFERENCE_BY_POINTER, self());
}

SAMPLE(PsGetCurrentProcessWow64Process)
{
    ke::Process& narrow = narrow_client();
    at.returns(PVOID {});
    ps::KeAttachProcess(reinterpret_cast<PKPROCESS>(narrow.guest));
    at.returns(ps::manager().record_of(narrow)->narrow_peb);
    ps::KeDetachProcess();
}

SAMPLE_OF_NOTHING(PsGetCurrentThreadTeb, kNone) { at.returns(PVOID {}); }
SAMPLE_OF_NOTHING(PsGetCurrentServerSilo, kNone) { at.returns(PVOID {}); }
SAMPLE_OF_NOTHING(PsGetCurrentProcessSessionId, kSessionZero) { at.returns(ULONG { 0 }); }

SAMPLE(PsReferenceProcessFilePointer)
{
    auto& file = at.object<PVOID>();
    file = &file;
    at.status(STATUS_UNSUCCESSFUL, system_process(), &file);
    EXPECT_EQ(file, nullptr);
}

SAMPLE(PsIsSystemProcess)
{
    at.returns(BOOLEAN { TRUE }, system_process());
    at.returns(BOOLEAN { FALSE }, pointer(client()));
}

SAMPLE(PsGetProcessExitProcessCalled)
{
    ke::Process& process = client();
    ob::Held held(process.guest);
    ob::reference(process.guest);
    at.returns(BOOLEAN { FALSE }, pointer(process));
    ps::manager().end_client(process, STATUS_SUCCESS);
    at.returns(BOOLEAN { TRUE }, pointer(process));
}

SAMPLE(PsGetProcessPriorityClass) { at.returns(UCHAR { 2 }, system_process()); }

SAMPLE(PsLookupProcessThreadByCid)
{
    auto& which = at.object<CLIENT_ID>();
    which = { id(4), id(ke::kernel().current().id) };
    auto& process = at.object<PEPROCESS>();
    auto& thread = at.object<PETHREAD>();
    at.status(STATUS_SUCCESS, &which, &process, &thread);
    EXPECT_EQ(process, system_process());
    EXPECT_EQ(static_cast<void*>(thread), self());
    at.status(STATUS_SUCCESS, &which, nullptr, &thread);
    which.UniqueProcess = id(8);
    at.status(STATUS_INVALID_CID, &which, &process, &thread);
}

SAMPLE(PsAcquireProcessExitSynchronization)
{
    ke::Process& process = client();
    ob::Held held(process.guest);
    ob::reference(process.guest);
    at.status(STATUS_SUCCESS, pointer(process));
    EXPECT_EQ(ps::manager().record_of(process)->exit_holds, 1u);
    ps::manager().release_exit(process);
    ps::manager().end_client(process, STATUS_SUCCESS);
    at.status(STATUS_PROCESS_IS_TERMINATING, pointer(process));
}

SAMPLE(PsReleaseProcessExitSynchronization)
{
    ke::Process& process = client();
    EXPECT_EQ(ps::manager().hold_exit(process), STATUS_SUCCESS);
    at.call(pointer(process));
    EXPECT_EQ(ps::manager().record_of(process)->exit_holds, 0u);
    at.bug_checks(REFERENCE_BY_POINTER, pointer(process));
}

CLIENT_SAMPLE(PsGetCurrentThreadPreviousMode) { at.returns(CCHAR { UserMode }); }
SAMPLE(PsGetCurrentThreadProcess) { at.returns(system_process()); }
SAMPLE(PsGetCurrentThreadProcessId) { at.returns(id(4)); }

SAMPLE(PsChargePoolQuota)
{
    ke::Process& process = client();
    at.call(pointer(process), PagedPool, ULONG_PTR { 100 });
    at.call(pointer(process), NonPagedPool, ULONG_PTR { 30 });
    EXPECT_EQ(ps::manager().record_of(process)->quota[1].used, 100u);
    EXPECT_EQ(ps::manager().record_of(process)->quota[0].used, 30u);
    at.raises(STATUS_QUOTA_EXCEEDED, pointer(process), PagedPool, ULONG_PTR { 1 } << 40);
}

SAMPLE(PsChargeProcessPoolQuota)
{
    ke::Process& process = client();
    at.status(STATUS_SUCCESS, pointer(process), PagedPool, ULONG_PTR { 100 });
    EXPECT_EQ(ps::manager().record_of(process)->quota[1].used, 100u);
    at.status(STATUS_QUOTA_EXCEEDED, pointer(process), PagedPool, ~ULONG_PTR { 0 });
    at.status(STATUS_SUCCESS, system_process(), PagedPool, ~ULONG_PTR { 0 });
}

SAMPLE(PsReturnPoolQuota)
{
    ke::Process& process = client();
    at.also("PsChargePoolQuota", pointer(process), PagedPool, ULONG_PTR { 100 });
    at.call(pointer(process), PagedPool, ULONG_PTR { 60 });
    EXPECT_EQ(ps::manager().record_of(process)->quota[1].used, 40u);
    EXPECT_EQ(ps::manager().record_of(process)->quota[1].most, 100u);
    at.bug_checks(QUOTA_UNDERFLOW, pointer(process), PagedPool, ULONG_PTR { 41 });
}

SAMPLE(PsIsDiskCountersEnabled) { at.returns(BOOLEAN { TRUE }); }

SAMPLE(PsUpdateDiskCounters)
{
    ke::Process& process = client();
    for (int i = 0; i < 2; ++i)
        at.call(pointer(process), ULONGLONG { 512 }, ULONGLONG { 0 }, 1u, 0u, 3u);
    ULONGLONG const* disk = ps::manager().record_of(process)->disk;
    EXPECT_EQ((std::vector<ULONGLONG>(disk, disk + 5)), (std::vector<ULONGLONG> { 1024, 0, 2, 0, 6 }));
}

// --- Ends ---

SAMPLE(ZwTerminateProcess)
{
    ke::Process& process = client();
    HANDLE const handle = open(process.guest);
    at.status(STATUS_SUCCESS, handle, STATUS_CANCELLED);
    EXPECT_EQ(ps::manager().record_of(process)->exit_status, STATUS_CANCELLED);
    EXPECT_TRUE(ps::manager().record_of(process)->exited);
    at.status(STATUS_PROCESS_IS_TERMINATING, handle, STATUS_CANCELLED);
    at.status(STATUS_ACCESS_DENIED, kSelf, STATUS_CANCELLED);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, kThread, STATUS_CANCELLED);
    at.also("ZwClose", handle);
    at.status(STATUS_INVALID_HANDLE, handle, STATUS_CANCELLED);
}

CLIENT_SAMPLE(NtOpenProcess)
{
    struct Arguments {
        HANDLE handle;
        OBJECT_ATTRIBUTES given;
        CLIENT_ID which;
    };
    auto& user = *static_cast<Arguments*>(at.user_bytes(sizeof(Arguments)));
    user.given = { .Length = sizeof user.given, .Attributes = OBJ_KERNEL_HANDLE };
    user.which.UniqueProcess = id(ob::current_process().id);
    at.status(STATUS_SUCCESS, &user.handle, PROCESS_DUP_HANDLE, &user.given, &user.which);
    EXPECT_FALSE(ob::is_kernel_handle(user.handle));
    auto found = ob::resolve_handle(ob::current_process(), user.handle, UserMode);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->body, ob::current_process().guest);
    at.status(STATUS_ACCESS_VIOLATION, &at.object<HANDLE>(), PROCESS_DUP_HANDLE, &user.given, &user.which);
    user.which.UniqueProcess = id(0x44440);
    at.status(STATUS_INVALID_CID, &user.handle, PROCESS_DUP_HANDLE, &user.given, &user.which);
    as_user(at, [&] {
        user.which.UniqueProcess = id(4);
        at.status(STATUS_ACCESS_DENIED, &user.handle, PROCESS_DUP_HANDLE, &user.given, &user.which);
    });
}

CLIENT_SAMPLE(NtOpenThread)
{
    struct Arguments {
        HANDLE handle;
        OBJECT_ATTRIBUTES given;
        CLIENT_ID which;
    };
    auto& user = *static_cast<Arguments*>(at.user_bytes(sizeof(Arguments)));
    user.given = { .Length = sizeof user.given, .Attributes = OBJ_KERNEL_HANDLE };
    user.which.UniqueThread = id(ke::kernel().current().id);
    at.status(STATUS_SUCCESS, &user.handle, THREAD_TERMINATE, &user.given, &user.which);
    EXPECT_FALSE(ob::is_kernel_handle(user.handle));
    auto found = ob::resolve_handle(ob::current_process(), user.handle, UserMode);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->body, static_cast<void*>(self()));
    EXPECT_EQ(found->granted, THREAD_TERMINATE);
    at.status(STATUS_ACCESS_VIOLATION, &at.object<HANDLE>(), THREAD_TERMINATE, &user.given, &user.which);
    at.status(STATUS_INVALID_PARAMETER_MIX, &user.handle, THREAD_TERMINATE, &user.given, nullptr);
    uint64_t system_thread = 0;
    ps::manager().for_each_thread([&](ps::ThreadRecord const& record) {
        if (record.thread->process->id == 4)
            system_thread = record.thread->id;
    });
    user.which.UniqueThread = id(system_thread);
    as_user(at, [&] {
        at.status(STATUS_ACCESS_DENIED, &user.handle, THREAD_TERMINATE, &user.given, &user.which);
    });
}

SAMPLE(ZwOpenThread)
{
    auto& handle = at.object<HANDLE>();
    auto& given = at.object<OBJECT_ATTRIBUTES>();
    given.Length = sizeof given;
    given.Attributes = OBJ_KERNEL_HANDLE;
    auto& which = at.object<CLIENT_ID>();
    which.UniqueThread = id(ke::kernel().current().id);
    at.status(STATUS_SUCCESS, &handle, THREAD_TERMINATE, &given, &which);
    EXPECT_TRUE(ob::is_kernel_handle(handle));
    auto found = ob::resolve_handle(ob::current_process(), handle, KernelMode);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->body, static_cast<void*>(self()));
    which.UniqueProcess = id(8);
    at.status(STATUS_INVALID_CID, &handle, THREAD_TERMINATE, &given, &which);
    at.status(STATUS_INVALID_PARAMETER_MIX, &handle, THREAD_TERMINATE, &given, nullptr);
    given.Length = 8;
    at.status(STATUS_INVALID_PARAMETER, &handle, THREAD_TERMINATE, &given, &which);
}

// --- Queries ---

SAMPLE(ZwQueryInformationProcess)
{
    ke::Process& process = client();
    HANDLE const handle = open(process.guest);
    auto& length = at.object<ULONG>();
    auto& basic = at.object<PROCESS_BASIC_INFORMATION>();
    at.status(STATUS_SUCCESS, handle, ProcessBasicInformation, &basic, ULONG { sizeof basic }, &length);
    EXPECT_EQ(length, sizeof basic);
    EXPECT_EQ(basic.UniqueProcessId, process.id);
    EXPECT_EQ(basic.InheritedFromUniqueProcessId, 4u);
    EXPECT_EQ(basic.ExitStatus, STATUS_PENDING);
    auto* name = static_cast<UNICODE_STRING*>(at.bytes(256));
    at.status(STATUS_SUCCESS, handle, ProcessImageFileName, name, 256u, &length);
    ASSERT_NE(name->Buffer, nullptr);
    EXPECT_EQ(std::u16string(name->Buffer, name->Length / 2), u"\\??\\C:\\client.exe");
    at.status(STATUS_INFO_LENGTH_MISMATCH, handle, ProcessImageFileName, name, 20u, &length);
    EXPECT_EQ(length, 16u + 36);
    auto& number = at.object<uint64_t>();
    number = 9;
    at.status(STATUS_SUCCESS, handle, ProcessWow64Information, &number, 8u, nullptr);
    EXPECT_EQ(number, 0u);
    at.status(STATUS_SUCCESS, kSelf, ProcessHandleCount, &number, 4u, nullptr);
    EXPECT_EQ(number, ob::open_handles_of(ob::current_process()));
    at.status(STATUS_SUCCESS, handle, ProcessSessionInformation, &number, 4u, nullptr);
    at.status(STATUS_PORT_NOT_SET, handle, ProcessDebugObjectHandle, &number, 8u, nullptr);
    at.status(STATUS_INFO_LENGTH_MISMATCH, handle, ProcessBasicInformation, &basic, 4u, nullptr);
    at.status(STATUS_INVALID_INFO_CLASS, handle, 5000u, &basic, 4u, nullptr);
    at.status(STATUS_NOT_IMPLEMENTED, handle, ProcessCookie, &basic, 4u, nullptr);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, kThread, ProcessBasicInformation, &basic, ULONG { sizeof basic }, nullptr);
}

CLIENT_SAMPLE(NtQueryInformationProcess)
{
    auto* basic = static_cast<PROCESS_BASIC_INFORMATION*>(at.user_bytes(sizeof(PROCESS_BASIC_INFORMATION)));
    at.status(STATUS_SUCCESS, kSelf, ProcessBasicInformation, basic, ULONG { sizeof *basic }, nullptr);
    EXPECT_EQ(basic->UniqueProcessId, ob::current_process().id);
    at.status(STATUS_ACCESS_VIOLATION, kSelf, ProcessBasicInformation, self(), ULONG { sizeof *basic }, nullptr);
    at.status(STATUS_DATATYPE_MISALIGNMENT, kSelf, ProcessBasicInformation, reinterpret_cast<uint8_t*>(basic) + 2,
              ULONG { sizeof *basic }, nullptr);
}

SAMPLE(ZwSetInformationProcess)
{
    ke::Process& process = client();
    HANDLE const handle = open(process.guest);
    auto& given = at.object<PROCESS_PRIORITY_CLASS>();
    given.PriorityClass = 3;
    at.status(STATUS_SUCCESS, handle, ProcessPriorityClass, &given, 2u);
    EXPECT_EQ(at.also("PsGetProcessPriorityClass", pointer(process)), 3u);
    given.PriorityClass = 7;
    at.status(STATUS_INVALID_PARAMETER, handle, ProcessPriorityClass, &given, 2u);
    at.status(STATUS_INFO_LENGTH_MISMATCH, handle, ProcessPriorityClass, &given, 8u);
    at.status(STATUS_NOT_IMPLEMENTED, handle, ProcessAccessToken, &given, 2u);
    at.status(STATUS_INVALID_INFO_CLASS, handle, 5000u, &given, 2u);
    auto& critical = at.object<ULONG>();
    critical = 1;
    at.status(STATUS_SUCCESS, handle, ProcessBreakOnTermination, &critical, 4u);
    EXPECT_TRUE(ps::manager().record_of(process)->critical);
}

SAMPLE(ZwQueryInformationThread)
{
    auto& length = at.object<ULONG>();
    auto& basic = at.object<THREAD_BASIC_INFORMATION>();
    at.status(STATUS_SUCCESS, kThread, ThreadBasicInformation, &basic, ULONG { sizeof basic }, &length);
    EXPECT_EQ(length, sizeof basic);
    EXPECT_EQ(basic.ClientId.UniqueProcess, id(4));
    EXPECT_EQ(basic.ClientId.UniqueThread, id(ke::kernel().current().id));
    EXPECT_EQ(basic.ExitStatus, STATUS_PENDING);
    auto& number = at.object<uint64_t>();
    at.status(STATUS_SUCCESS, kThread, ThreadPagePriority, &number, 4u, nullptr);
    EXPECT_EQ(number, 5u);
    at.status(STATUS_SUCCESS, kThread, ThreadIsTerminated, &number, 4u, nullptr);
    EXPECT_EQ(number, 0u);
    at.status(STATUS_INFO_LENGTH_MISMATCH, kThread, ThreadBasicInformation, &basic, 4u, nullptr);
    at.status(STATUS_INVALID_INFO_CLASS, kThread, 5000u, &basic, 4u, nullptr);
    at.status(STATUS_NOT_IMPLEMENTED, kThread, ThreadCSwitchPmu, &basic, 4u, nullptr);
    at.status(STATUS_OBJECT_TYPE_MISMATCH, kSelf, ThreadBasicInformation, &basic, ULONG { sizeof basic }, nullptr);
}

CLIENT_SAMPLE(NtQueryInformationThread)
{
    auto* number = static_cast<uint64_t*>(at.user_bytes(16));
    at.status(STATUS_SUCCESS, kThread, ThreadAmILastThread, number, 4u, nullptr);
    EXPECT_EQ(*number, 1u);
    at.status(STATUS_ACCESS_VIOLATION, kThread, ThreadAmILastThread, self(), 4u, nullptr);
    at.status(STATUS_DATATYPE_MISALIGNMENT, kThread, ThreadAmILastThread, reinterpret_cast<uint8_t*>(number) + 1, 4u,
              nullptr);
}

// A client may set what its handle allows; what could harm the machine needs a privilege that it has not enabled.
CLIENT_SAMPLE(NtSetInformationThread)
{
    auto& number = *static_cast<ULONG*>(at.user_bytes(sizeof(ULONG)));
    number = 12;
    at.status(STATUS_SUCCESS, kThread, ThreadPriority, &number, 4u);
    EXPECT_EQ(ke::kernel().current().base_priority, 12);
    number = 16;
    at.status(STATUS_PRIVILEGE_NOT_HELD, kThread, ThreadPriority, &number, 4u);
    at.status(STATUS_PRIVILEGE_NOT_HELD, kThread, ThreadBreakOnTermination, &number, 4u);
    at.status(STATUS_ACCESS_VIOLATION, kThread, ThreadPriority, &at.object<ULONG>(), 4u);
    at.status(STATUS_INFO_LENGTH_MISMATCH, kThread, ThreadPriority, &number, 2u);
    at.status(STATUS_INVALID_INFO_CLASS, kThread, 5000u, &number, 4u);
    HANDLE const weak = *ob::open_handle(ob::current_process(), self(), { .access = THREAD_TERMINATE });
    at.status(STATUS_ACCESS_DENIED, weak, ThreadPriority, &number, 4u);
}

CLIENT_SAMPLE(NtSetInformationProcess)
{
    auto& given = *static_cast<PROCESS_PRIORITY_CLASS*>(at.user_bytes(sizeof(ULONG)));
    given.PriorityClass = 3;
    at.status(STATUS_SUCCESS, kSelf, ProcessPriorityClass, &given, 2u);
    EXPECT_EQ(ps::manager().record_of(ob::current_process())->priority_class, 3);
    given.PriorityClass = 4;
    at.status(STATUS_PRIVILEGE_NOT_HELD, kSelf, ProcessPriorityClass, &given, 2u);
    at.status(STATUS_PRIVILEGE_NOT_HELD, kSelf, ProcessBreakOnTermination, &given, 4u);
    at.status(STATUS_ACCESS_VIOLATION, kSelf, ProcessPriorityClass, &at.object<PROCESS_PRIORITY_CLASS>(), 2u);
    HANDLE const weak
        = *ob::open_handle(ob::current_process(), ob::current_process().guest, { .access = PROCESS_DUP_HANDLE });
    at.status(STATUS_ACCESS_DENIED, weak, ProcessPriorityClass, &given, 2u);
}

SAMPLE(ZwSetInformationThread)
{
    auto& number = at.object<ULONG>();
    number = 12;
    at.status(STATUS_SUCCESS, kThread, ThreadPriority, &number, 4u);
    EXPECT_EQ(ke::kernel().current().base_priority, 12);
    number = static_cast<ULONG>(-2);
    at.status(STATUS_SUCCESS, kThread, ThreadBasePriority, &number, 4u);
    EXPECT_EQ(ke::kernel().current().base_priority, 6);
    number = 2;
    at.status(STATUS_SUCCESS, kThread, ThreadPagePriority, &number, 4u);
    EXPECT_EQ(ps::manager().record_of(ke::kernel().current())->page_priority, 2u);
    number = 32;
    at.status(STATUS_INVALID_PARAMETER, kThread, ThreadPriority, &number, 4u);
    at.status(STATUS_INVALID_PARAMETER, kThread, ThreadBasePriority, &number, 4u);
    at.status(STATUS_INVALID_PARAMETER, kThread, ThreadPagePriority, &number, 4u);
    at.status(STATUS_INFO_LENGTH_MISMATCH, kThread, ThreadPriority, &number, 2u);
    at.status(STATUS_INFO_LENGTH_MISMATCH, kThread, ThreadHideFromDebugger, &number, 4u);
    at.status(STATUS_SUCCESS, kThread, ThreadHideFromDebugger, nullptr, 0u);
    at.status(STATUS_NOT_IMPLEMENTED, kThread, ThreadImpersonationToken, &number, 4u);
    at.status(STATUS_INVALID_INFO_CLASS, kThread, 5000u, &number, 4u);
}

SAMPLE(ZwQuerySystemInformation)
{
    auto& length = at.object<ULONG>();
    auto& basic = at.object<SYSTEM_BASIC_INFORMATION>();
    at.status(STATUS_SUCCESS, SystemBasicInformation, &basic, ULONG { sizeof basic }, &length);
    EXPECT_EQ(basic.PageSize, 4096u);
    EXPECT_EQ(basic.NumberOfProcessors, 2);
    EXPECT_EQ(basic.ActiveProcessorsAffinityMask, 3u);
    auto& time = at.object<SYSTEM_TIMEOFDAY_INFORMATION>();
    at.status(STATUS_SUCCESS, SystemTimeOfDayInformation, &time, ULONG { sizeof time }, &length);
    EXPECT_GT(time.CurrentTime.QuadPart, time.BootTime.QuadPart);
    auto* bytes = static_cast<uint8_t*>(at.bytes(8192));
    at.status(STATUS_INFO_LENGTH_MISMATCH, SystemModuleInformation, bytes, 8u, &length);
    at.status(STATUS_SUCCESS, SystemModuleInformation, bytes, length, &length);
    auto const& modules = *reinterpret_cast<RTL_PROCESS_MODULES*>(bytes);
    EXPECT_EQ(modules.NumberOfModules, 1u);
    EXPECT_STREQ(reinterpret_cast<char const*>(modules.Modules[0].FullPathName) + modules.Modules[0].OffsetToFileName,
                 "ntoskrnl.exe");
    at.status(STATUS_SUCCESS, SystemProcessInformation, bytes, 8192u, &length);
    auto const& process = *reinterpret_cast<SYSTEM_PROCESS_INFORMATION*>(bytes);
    EXPECT_EQ(process.UniqueProcessId, id(4));
    EXPECT_EQ(process.NextEntryOffset, 0u);
    ASSERT_EQ(process.ImageName.Length, 12u);
    EXPECT_EQ(std::u16string(process.ImageName.Buffer, 6), u"System");
    EXPECT_GE(process.NumberOfThreads, 2u);
    void* event = *ob::create(ob::event_type, sizeof(KEVENT), 'lpmS');
    HANDLE const handle = open(event);
    at.status(STATUS_SUCCESS, SystemExtendedHandleInformation, bytes, 8192u, &length);
    auto const& handles = *reinterpret_cast<SYSTEM_HANDLE_INFORMATION_EX*>(bytes);
    auto const* last = handles.Handles + handles.NumberOfHandles - 1;
    EXPECT_EQ(last->Object, event);
    EXPECT_EQ(last->UniqueProcessId, 4u);
    EXPECT_EQ(last->HandleValue & 0x7FFF'FFFF, reinterpret_cast<uint64_t>(handle));
    at.status(STATUS_SUCCESS, SystemHandleInformation, bytes, 8192u, &length);
    at.status(STATUS_SUCCESS, SystemKernelDebuggerInformation, bytes, 2u, &length);
    EXPECT_EQ(bytes[1], 1);
    auto& integrity = at.object<SYSTEM_CODEINTEGRITY_INFORMATION>();
    at.status(STATUS_INFO_LENGTH_MISMATCH, SystemCodeIntegrityInformation, &integrity, 8u, &length);
    integrity.Length = 8;
    at.status(STATUS_SUCCESS, SystemCodeIntegrityInformation, &integrity, 8u, &length);
    EXPECT_EQ(integrity.CodeIntegrityOptions, 3u);
    at.status(STATUS_SUCCESS, SystemProcessorInformation, bytes, 12u, &length);
    at.status(STATUS_INVALID_INFO_CLASS, 5000u, bytes, 8u, nullptr);
    at.status(STATUS_NOT_IMPLEMENTED, SystemPerformanceInformation, bytes, 8u, nullptr);
    at.also("ZwClose", handle);
    ob::dereference(event);
}

CLIENT_SAMPLE(NtQuerySystemInformation)
{
    auto* bytes = static_cast<uint8_t*>(at.user_bytes(64));
    at.status(STATUS_SUCCESS, SystemKernelDebuggerInformation, bytes, 2u, nullptr);
    EXPECT_EQ(bytes[1], 1);
    at.status(STATUS_ACCESS_VIOLATION, SystemKernelDebuggerInformation, self(), 2u, nullptr);
    at.status(STATUS_DATATYPE_MISALIGNMENT, SystemKernelDebuggerInformation, bytes + 1, 2u, nullptr);
}

// --- Notify routines ---

SAMPLE(PsSetCreateProcessNotifyRoutineEx2)
{
    at.status(STATUS_SUCCESS, 0u, process_routine, FALSE);
    EXPECT_EQ(ps::manager().process_notify.count(), 1u);
    at.status(STATUS_INVALID_PARAMETER, 0u, process_routine, FALSE);
    at.status(STATUS_INVALID_PARAMETER, 1u, process_routine, FALSE);
    at.status(STATUS_SUCCESS, 0u, process_routine, TRUE);
    at.status(STATUS_PROCEDURE_NOT_FOUND, 0u, process_routine, TRUE);
    ps::manager().has_forced_integrity = [](void const*) { return false; };
    at.status(STATUS_ACCESS_DENIED, 0u, process_routine, FALSE);
}

SAMPLE(PsSetCreateThreadNotifyRoutineEx)
{
    at.status(STATUS_SUCCESS, 0u, thread_routine);
    at.status(STATUS_SUCCESS, 1u, thread_routine);
    EXPECT_EQ(ps::manager().thread_notify.count(), 2u);
    at.status(STATUS_INVALID_PARAMETER, 2u, thread_routine);
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(at.also("PsRemoveCreateThreadNotifyRoutine", thread_routine), 0u);
    EXPECT_EQ(ps::manager().thread_notify.count(), 0u);
}

SAMPLE(PsSetLoadImageNotifyRoutineEx)
{
    for (int i = 0; i < 64; ++i)
        at.status(STATUS_SUCCESS, image_routine, ULONG_PTR { 1 });
    at.status(STATUS_INSUFFICIENT_RESOURCES, image_routine, ULONG_PTR { 0 });
    at.status(STATUS_INVALID_PARAMETER_2, image_routine, ULONG_PTR { 2 });
    EXPECT_EQ(ps::manager().image_notify.count(), 64u);
}
