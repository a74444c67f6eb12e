// SPDX-License-Identifier: MIT
// The room's state: tokens, who has which (processes their primary, threads what they impersonate), logon sessions, and
// the data exports. The machine makes it after room ob and before ps, whose processes need tokens.
#pragma once

#include "hal/layout.h"
#include "ke/thread.h"
#include "se/token.h"

#include <map>
#include <memory>

namespace ringside::se {

// This room's part of the data exports: pointer variables, then what they point at.
inline constexpr uintptr_t kSeExportsVariable = hal::kDataExports + 0x18000;
inline constexpr uintptr_t kPublicDaclVariable = hal::kDataExports + 0x18008;
inline constexpr uintptr_t kSystemDaclVariable = hal::kDataExports + 0x18010;
inline constexpr uintptr_t kExportedBytes = hal::kDataExports + 0x18100;

struct Impersonation {
    void* token = nullptr; // referenced
    SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
    bool copy_on_open = false;
    bool effective_only = false;
};

struct LogonSession {
    size_t tokens = 0;
    bool marked = false; // SeMarkLogonSessionForTerminationNotification
};

using LogonRoutine = NTSTATUS(NTAPI*)(LUID* logon_id);

class Security {
public:
    Security();
    ~Security();
    Security(Security const&) = delete;
    Security& operator=(Security const&) = delete;

    // --- Tokens ---

    Token* token_of(void const* body);
    // A new token object with one reference, a copy of the model with ids of its own. STATUS_INSUFFICIENT_RESOURCES.
    Result<Token*> make(Token const& model);
    // A primary token for a client process; each has its own.
    Result<Token*> make_primary(Account account);
    void* system_token() const { return m_system; }

    // --- Who has which ---

    // Takes over the caller's reference; drops the one before.
    void assign_primary(ke::Process const& process, void* token);
    void* primary(ke::Process const& process) const;
    void process_gone(ke::Process const& process) { assign_primary(process, nullptr); }
    // Takes over the reference; a null token reverts.
    void impersonate(ke::Thread const& thread, Impersonation with);
    Impersonation const* impersonation(ke::Thread const& thread) const;
    void thread_gone(ke::Thread const& thread) { impersonate(thread, {}); }
    // What the thread acts with: its impersonation token, else its process' primary one.
    Token& effective(ke::Thread const& thread);

    LUID next_luid();

    // By (HighPart, LowPart); one without tokens ends.
    std::map<uint64_t, LogonSession> sessions;
    std::vector<LogonRoutine> logon_routines;

private:
    static void token_deleted(void* body);
    void write_exports();
    Token client_model(Account account, LUID session);

    std::map<uint32_t, std::unique_ptr<Token>> m_tokens; // by object number
    std::map<uint32_t, void*> m_primaries; // by process number
    std::map<uint32_t, Impersonation> m_impersonations; // by thread number
    uint64_t m_next_luid = 1001; // below: the fixed ones
    void* m_system = nullptr;
};

extern Security* g_security;
inline Security& security() { return *g_security; }

// The token behind a PACCESS_TOKEN that a driver gave: bug check 0x18 when it is none.
Token& required_token(void const* token);

inline constexpr LUID kSystemLogon { 0x3E7, 0 };
inline constexpr LUID kAnonymousLogon { 0x3E6, 0 };

} // namespace ringside::se
