// SPDX-License-Identifier: MIT
// Power: states, what a power request carries, and the reasons for it.
#pragma once

#include "nt/basic.h"

namespace ringside::nt {

enum SYSTEM_POWER_STATE : int32_t {
    PowerSystemUnspecified, PowerSystemWorking, PowerSystemSleeping1, PowerSystemSleeping2, PowerSystemSleeping3,
    PowerSystemHibernate, PowerSystemShutdown, PowerSystemMaximum,
};

enum DEVICE_POWER_STATE : int32_t {
    PowerDeviceUnspecified, PowerDeviceD0, PowerDeviceD1, PowerDeviceD2, PowerDeviceD3, PowerDeviceMaximum,
};

enum POWER_STATE_TYPE : int32_t { SystemPowerState, DevicePowerState };

enum POWER_ACTION : int32_t {
    PowerActionNone, PowerActionReserved, PowerActionSleep, PowerActionHibernate, PowerActionShutdown,
    PowerActionShutdownReset, PowerActionShutdownOff, PowerActionWarmEject, PowerActionDisplayOff,
};

enum SYSTEM_POWER_CONDITION : int32_t { PoAc, PoDc, PoHot, PoConditionMaximum };

enum POWER_PLATFORM_ROLE : int32_t {
    PlatformRoleUnspecified, PlatformRoleDesktop, PlatformRoleMobile, PlatformRoleWorkstation,
    PlatformRoleEnterpriseServer, PlatformRoleSOHOServer, PlatformRoleAppliancePC, PlatformRolePerformanceServer,
    PlatformRoleSlate, PlatformRoleMaximum,
};

enum POWER_REQUEST_TYPE : int32_t {
    PowerRequestDisplayRequired, PowerRequestSystemRequired, PowerRequestAwayModeRequired,
    PowerRequestExecutionRequired,
};

enum MONITOR_DISPLAY_STATE : int32_t { PowerMonitorOff, PowerMonitorOn, PowerMonitorDim };

union POWER_STATE {
    SYSTEM_POWER_STATE SystemState;
    DEVICE_POWER_STATE DeviceState;
};
NT_SIZE(POWER_STATE, 0x04); NT_OFFSET(POWER_STATE, SystemState, 0x00); NT_OFFSET(POWER_STATE, DeviceState, 0x00);

struct SYSTEM_POWER_STATE_CONTEXT {
    union {
        struct {
            ULONG Reserved1 : 8;
            ULONG TargetSystemState : 4;
            ULONG EffectiveSystemState : 4;
            ULONG CurrentSystemState : 4;
            ULONG IgnoreHibernationPath : 1;
            ULONG PseudoTransition : 1;
            ULONG Reserved2 : 10;
        };
        ULONG ContextAsUlong;
    };
};
NT_SIZE(SYSTEM_POWER_STATE_CONTEXT, 0x04); NT_OFFSET(SYSTEM_POWER_STATE_CONTEXT, ContextAsUlong, 0x00);

struct COUNTED_REASON_CONTEXT {
    ULONG Version;
    ULONG Flags;
    union {
        struct {
            UNICODE_STRING ResourceFileName;
            USHORT ResourceReasonId;
            ULONG StringCount;
            UNICODE_STRING* ReasonStrings;
        };
        UNICODE_STRING SimpleString;
    };
};
NT_SIZE(COUNTED_REASON_CONTEXT, 0x28); NT_OFFSET(COUNTED_REASON_CONTEXT, Version, 0x00);
NT_OFFSET(COUNTED_REASON_CONTEXT, Flags, 0x04); NT_OFFSET(COUNTED_REASON_CONTEXT, ResourceFileName, 0x08);
NT_OFFSET(COUNTED_REASON_CONTEXT, ResourceReasonId, 0x18); NT_OFFSET(COUNTED_REASON_CONTEXT, StringCount, 0x1c);
NT_OFFSET(COUNTED_REASON_CONTEXT, ReasonStrings, 0x20); NT_OFFSET(COUNTED_REASON_CONTEXT, SimpleString, 0x08);

inline constexpr ULONG
    DIAGNOSTIC_REASON_VERSION = 0, DIAGNOSTIC_REASON_SIMPLE_STRING = 1, DIAGNOSTIC_REASON_DETAILED_STRING = 2,
    DIAGNOSTIC_REASON_INVALID_FLAGS = 0x7ffffffc, DIAGNOSTIC_REASON_NOT_SPECIFIED = 0x80000000;
inline constexpr ULONG
    ES_SYSTEM_REQUIRED = 1, ES_DISPLAY_REQUIRED = 2, ES_USER_PRESENT = 4, ES_CONTINUOUS = 0x80000000;
inline constexpr ULONG
    PDCAP_D0_SUPPORTED = 1, PDCAP_D1_SUPPORTED = 2, PDCAP_D2_SUPPORTED = 4, PDCAP_D3_SUPPORTED = 8,
    PDCAP_WAKE_FROM_D0_SUPPORTED = 0x10, PDCAP_WAKE_FROM_D1_SUPPORTED = 0x20, PDCAP_WAKE_FROM_D2_SUPPORTED = 0x40,
    PDCAP_WAKE_FROM_D3_SUPPORTED = 0x80, PDCAP_WARM_EJECT_SUPPORTED = 0x100;
inline constexpr ULONG POWER_SYSTEM_MAXIMUM = 7;

} // namespace ringside::nt
