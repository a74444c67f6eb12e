// SPDX-License-Identifier: MIT
// KUSER_SHARED_DATA: the page at 0xFFFFF780`00000000 that drivers read inline for the time, the tick count and the
// version.
#pragma once

#include "nt/basic.h"

namespace ringside::nt {

enum NT_PRODUCT_TYPE : int32_t { NtProductWinNt = 1, NtProductLanManNt, NtProductServer };

enum ALTERNATIVE_ARCHITECTURE_TYPE : int32_t { StandardDesign, NEC98x86, EndAlternatives };

enum SUITE_TYPE : int32_t {
    SmallBusiness, Enterprise, BackOffice, CommunicationServer, TerminalServer, SmallBusinessRestricted, EmbeddedNT,
    DataCenter, SingleUserTS, Personal, Blade, EmbeddedRestricted, SecurityAppliance, StorageServer, ComputeServer,
    WHServer, MaxSuiteType,
};

struct XSTATE_FEATURE {
    ULONG Offset;
    ULONG Size;
};
NT_SIZE(XSTATE_FEATURE, 0x08); NT_OFFSET(XSTATE_FEATURE, Offset, 0x00); NT_OFFSET(XSTATE_FEATURE, Size, 0x04);

struct XSTATE_CONFIGURATION {
    ULONG64 EnabledFeatures;
    ULONG64 EnabledVolatileFeatures;
    ULONG Size;
    union {
        ULONG ControlFlags;
        struct {
            ULONG OptimizedSave : 1;
            ULONG CompactionEnabled : 1;
            ULONG ExtendedFeatureDisable : 1;
        };
    };
    XSTATE_FEATURE Features[64];
    ULONG64 EnabledSupervisorFeatures;
    ULONG64 AlignedFeatures;
    ULONG AllFeatureSize;
    ULONG AllFeatures[64];
    ULONG64 EnabledUserVisibleSupervisorFeatures;
    ULONG64 ExtendedFeatureDisableFeatures;
    ULONG AllNonLargeFeatureSize;
    USHORT MaxSveVectorLength;
    USHORT Spare1;
};
NT_SIZE(XSTATE_CONFIGURATION, 0x348); NT_OFFSET(XSTATE_CONFIGURATION, EnabledFeatures, 0x00);
NT_OFFSET(XSTATE_CONFIGURATION, EnabledVolatileFeatures, 0x08); NT_OFFSET(XSTATE_CONFIGURATION, Size, 0x10);
NT_OFFSET(XSTATE_CONFIGURATION, ControlFlags, 0x14); NT_OFFSET(XSTATE_CONFIGURATION, Features, 0x18);
NT_OFFSET(XSTATE_CONFIGURATION, EnabledSupervisorFeatures, 0x218);
NT_OFFSET(XSTATE_CONFIGURATION, AlignedFeatures, 0x220); NT_OFFSET(XSTATE_CONFIGURATION, AllFeatureSize, 0x228);
NT_OFFSET(XSTATE_CONFIGURATION, AllFeatures, 0x22c);
NT_OFFSET(XSTATE_CONFIGURATION, EnabledUserVisibleSupervisorFeatures, 0x330);
NT_OFFSET(XSTATE_CONFIGURATION, ExtendedFeatureDisableFeatures, 0x338);
NT_OFFSET(XSTATE_CONFIGURATION, AllNonLargeFeatureSize, 0x340);
NT_OFFSET(XSTATE_CONFIGURATION, MaxSveVectorLength, 0x344); NT_OFFSET(XSTATE_CONFIGURATION, Spare1, 0x346);

struct KUSER_SHARED_DATA {
    ULONG TickCountLowDeprecated;
    ULONG TickCountMultiplier;
    KSYSTEM_TIME volatile InterruptTime;
    KSYSTEM_TIME volatile SystemTime;
    KSYSTEM_TIME volatile TimeZoneBias;
    USHORT ImageNumberLow;
    USHORT ImageNumberHigh;
    WCHAR NtSystemRoot[260];
    ULONG MaxStackTraceDepth;
    ULONG CryptoExponent;
    ULONG TimeZoneId;
    ULONG LargePageMinimum;
    ULONG AitSamplingValue;
    ULONG AppCompatFlag;
    ULONGLONG RNGSeedVersion;
    ULONG GlobalValidationRunlevel;
    LONG volatile TimeZoneBiasStamp;
    ULONG NtBuildNumber;
    NT_PRODUCT_TYPE NtProductType;
    BOOLEAN ProductTypeIsValid;
    BOOLEAN Reserved0[1];
    USHORT NativeProcessorArchitecture;
    ULONG NtMajorVersion;
    ULONG NtMinorVersion;
    BOOLEAN ProcessorFeatures[64];
    ULONG Reserved1;
    ULONG Reserved3;
    ULONG volatile TimeSlip;
    ALTERNATIVE_ARCHITECTURE_TYPE AlternativeArchitecture;
    ULONG BootId;
    LARGE_INTEGER SystemExpirationDate;
    ULONG SuiteMask;
    BOOLEAN KdDebuggerEnabled;
    union {
        UCHAR MitigationPolicies;
        struct {
            UCHAR NXSupportPolicy : 2;
            UCHAR SEHValidationPolicy : 2;
            UCHAR CurDirDevicesSkippedForDlls : 2;
            UCHAR Reserved : 2;
        };
    };
    USHORT CyclesPerYield;
    ULONG volatile ActiveConsoleId;
    ULONG volatile DismountCount;
    ULONG ComPlusPackage;
    ULONG LastSystemRITEventTickCount;
    ULONG NumberOfPhysicalPages;
    BOOLEAN SafeBootMode;
    UCHAR VirtualizationFlags;
    UCHAR Reserved12[2];
    union {
        ULONG SharedDataFlags;
        struct {
            ULONG DbgErrorPortPresent : 1;
            ULONG DbgElevationEnabled : 1;
            ULONG DbgVirtEnabled : 1;
            ULONG DbgInstallerDetectEnabled : 1;
            ULONG DbgLkgEnabled : 1;
            ULONG DbgDynProcessorEnabled : 1;
            ULONG DbgConsoleBrokerEnabled : 1;
            ULONG DbgSecureBootEnabled : 1;
            ULONG DbgMultiSessionSku : 1;
            ULONG DbgMultiUsersInSessionSku : 1;
            ULONG DbgStateSeparationEnabled : 1;
            ULONG SpareBits : 21;
        };
    };
    ULONG DataFlagsPad[1];
    ULONGLONG TestRetInstruction;
    LONGLONG QpcFrequency;
    ULONG SystemCall;
    ULONG Reserved2;
    ULONGLONG FullNumberOfPhysicalPages;
    ULONGLONG SystemCallPad[1];
    union {
        KSYSTEM_TIME volatile TickCount;
        ULONG64 volatile TickCountQuad;
        struct {
            ULONG ReservedTickCountOverlay[3];
            ULONG TickCountPad[1];
        };
    };
    ULONG Cookie;
    ULONG CookiePad[1];
    LONGLONG ConsoleSessionForegroundProcessId;
    ULONGLONG TimeUpdateLock;
    ULONGLONG BaselineSystemTimeQpc;
    ULONGLONG BaselineInterruptTimeQpc;
    ULONGLONG QpcSystemTimeIncrement;
    ULONGLONG QpcInterruptTimeIncrement;
    UCHAR QpcSystemTimeIncrementShift;
    UCHAR QpcInterruptTimeIncrementShift;
    USHORT UnparkedProcessorCount;
    ULONG EnclaveFeatureMask[4];
    ULONG TelemetryCoverageRound;
    USHORT UserModeGlobalLogger[16];
    ULONG ImageFileExecutionOptions;
    ULONG LangGenerationCount;
    ULONGLONG Reserved4;
    ULONGLONG volatile InterruptTimeBias;
    ULONGLONG volatile QpcBias;
    ULONG ActiveProcessorCount;
    UCHAR volatile ActiveGroupCount;
    UCHAR Reserved9;
    union {
        USHORT QpcData;
        struct {
            UCHAR volatile QpcBypassEnabled;
            UCHAR QpcShift;
        };
    };
    LARGE_INTEGER TimeZoneBiasEffectiveStart;
    LARGE_INTEGER TimeZoneBiasEffectiveEnd;
    XSTATE_CONFIGURATION XState;
    KSYSTEM_TIME FeatureConfigurationChangeStamp;
    ULONG Spare;
    ULONG64 UserPointerAuthMask;
};
NT_SIZE(KUSER_SHARED_DATA, 0x738); NT_OFFSET(KUSER_SHARED_DATA, TickCountLowDeprecated, 0x00);
NT_OFFSET(KUSER_SHARED_DATA, TickCountMultiplier, 0x04); NT_OFFSET(KUSER_SHARED_DATA, InterruptTime, 0x08);
NT_OFFSET(KUSER_SHARED_DATA, SystemTime, 0x14); NT_OFFSET(KUSER_SHARED_DATA, TimeZoneBias, 0x20);
NT_OFFSET(KUSER_SHARED_DATA, ImageNumberLow, 0x2c); NT_OFFSET(KUSER_SHARED_DATA, ImageNumberHigh, 0x2e);
NT_OFFSET(KUSER_SHARED_DATA, NtSystemRoot, 0x30); NT_OFFSET(KUSER_SHARED_DATA, MaxStackTraceDepth, 0x238);
NT_OFFSET(KUSER_SHARED_DATA, CryptoExponent, 0x23c); NT_OFFSET(KUSER_SHARED_DATA, TimeZoneId, 0x240);
NT_OFFSET(KUSER_SHARED_DATA, LargePageMinimum, 0x244); NT_OFFSET(KUSER_SHARED_DATA, AitSamplingValue, 0x248);
NT_OFFSET(KUSER_SHARED_DATA, AppCompatFlag, 0x24c); NT_OFFSET(KUSER_SHARED_DATA, RNGSeedVersion, 0x250);
NT_OFFSET(KUSER_SHARED_DATA, GlobalValidationRunlevel, 0x258); NT_OFFSET(KUSER_SHARED_DATA, TimeZoneBiasStamp, 0x25c);
NT_OFFSET(KUSER_SHARED_DATA, NtBuildNumber, 0x260); NT_OFFSET(KUSER_SHARED_DATA, NtProductType, 0x264);
NT_OFFSET(KUSER_SHARED_DATA, ProductTypeIsValid, 0x268); NT_OFFSET(KUSER_SHARED_DATA, Reserved0, 0x269);
NT_OFFSET(KUSER_SHARED_DATA, NativeProcessorArchitecture, 0x26a); NT_OFFSET(KUSER_SHARED_DATA, NtMajorVersion, 0x26c);
NT_OFFSET(KUSER_SHARED_DATA, NtMinorVersion, 0x270); NT_OFFSET(KUSER_SHARED_DATA, ProcessorFeatures, 0x274);
NT_OFFSET(KUSER_SHARED_DATA, Reserved1, 0x2b4); NT_OFFSET(KUSER_SHARED_DATA, Reserved3, 0x2b8);
NT_OFFSET(KUSER_SHARED_DATA, TimeSlip, 0x2bc); NT_OFFSET(KUSER_SHARED_DATA, AlternativeArchitecture, 0x2c0);
NT_OFFSET(KUSER_SHARED_DATA, BootId, 0x2c4); NT_OFFSET(KUSER_SHARED_DATA, SystemExpirationDate, 0x2c8);
NT_OFFSET(KUSER_SHARED_DATA, SuiteMask, 0x2d0); NT_OFFSET(KUSER_SHARED_DATA, KdDebuggerEnabled, 0x2d4);
NT_OFFSET(KUSER_SHARED_DATA, MitigationPolicies, 0x2d5); NT_OFFSET(KUSER_SHARED_DATA, CyclesPerYield, 0x2d6);
NT_OFFSET(KUSER_SHARED_DATA, ActiveConsoleId, 0x2d8); NT_OFFSET(KUSER_SHARED_DATA, DismountCount, 0x2dc);
NT_OFFSET(KUSER_SHARED_DATA, ComPlusPackage, 0x2e0); NT_OFFSET(KUSER_SHARED_DATA, LastSystemRITEventTickCount, 0x2e4);
NT_OFFSET(KUSER_SHARED_DATA, NumberOfPhysicalPages, 0x2e8); NT_OFFSET(KUSER_SHARED_DATA, SafeBootMode, 0x2ec);
NT_OFFSET(KUSER_SHARED_DATA, VirtualizationFlags, 0x2ed); NT_OFFSET(KUSER_SHARED_DATA, Reserved12, 0x2ee);
NT_OFFSET(KUSER_SHARED_DATA, SharedDataFlags, 0x2f0); NT_OFFSET(KUSER_SHARED_DATA, DataFlagsPad, 0x2f4);
NT_OFFSET(KUSER_SHARED_DATA, TestRetInstruction, 0x2f8); NT_OFFSET(KUSER_SHARED_DATA, QpcFrequency, 0x300);
NT_OFFSET(KUSER_SHARED_DATA, SystemCall, 0x308); NT_OFFSET(KUSER_SHARED_DATA, Reserved2, 0x30c);
NT_OFFSET(KUSER_SHARED_DATA, FullNumberOfPhysicalPages, 0x310); NT_OFFSET(KUSER_SHARED_DATA, SystemCallPad, 0x318);
NT_OFFSET(KUSER_SHARED_DATA, TickCount, 0x320); NT_OFFSET(KUSER_SHARED_DATA, TickCountQuad, 0x320);
NT_OFFSET(KUSER_SHARED_DATA, ReservedTickCountOverlay, 0x320); NT_OFFSET(KUSER_SHARED_DATA, TickCountPad, 0x32c);
NT_OFFSET(KUSER_SHARED_DATA, Cookie, 0x330); NT_OFFSET(KUSER_SHARED_DATA, CookiePad, 0x334);
NT_OFFSET(KUSER_SHARED_DATA, ConsoleSessionForegroundProcessId, 0x338);
NT_OFFSET(KUSER_SHARED_DATA, TimeUpdateLock, 0x340); NT_OFFSET(KUSER_SHARED_DATA, BaselineSystemTimeQpc, 0x348);
NT_OFFSET(KUSER_SHARED_DATA, BaselineInterruptTimeQpc, 0x350);
NT_OFFSET(KUSER_SHARED_DATA, QpcSystemTimeIncrement, 0x358);
NT_OFFSET(KUSER_SHARED_DATA, QpcInterruptTimeIncrement, 0x360);
NT_OFFSET(KUSER_SHARED_DATA, QpcSystemTimeIncrementShift, 0x368);
NT_OFFSET(KUSER_SHARED_DATA, QpcInterruptTimeIncrementShift, 0x369);
NT_OFFSET(KUSER_SHARED_DATA, UnparkedProcessorCount, 0x36a); NT_OFFSET(KUSER_SHARED_DATA, EnclaveFeatureMask, 0x36c);
NT_OFFSET(KUSER_SHARED_DATA, TelemetryCoverageRound, 0x37c); NT_OFFSET(KUSER_SHARED_DATA, UserModeGlobalLogger, 0x380);
NT_OFFSET(KUSER_SHARED_DATA, ImageFileExecutionOptions, 0x3a0);
NT_OFFSET(KUSER_SHARED_DATA, LangGenerationCount, 0x3a4); NT_OFFSET(KUSER_SHARED_DATA, Reserved4, 0x3a8);
NT_OFFSET(KUSER_SHARED_DATA, InterruptTimeBias, 0x3b0); NT_OFFSET(KUSER_SHARED_DATA, QpcBias, 0x3b8);
NT_OFFSET(KUSER_SHARED_DATA, ActiveProcessorCount, 0x3c0); NT_OFFSET(KUSER_SHARED_DATA, ActiveGroupCount, 0x3c4);
NT_OFFSET(KUSER_SHARED_DATA, Reserved9, 0x3c5); NT_OFFSET(KUSER_SHARED_DATA, QpcData, 0x3c6);
NT_OFFSET(KUSER_SHARED_DATA, QpcBypassEnabled, 0x3c6); NT_OFFSET(KUSER_SHARED_DATA, QpcShift, 0x3c7);
NT_OFFSET(KUSER_SHARED_DATA, TimeZoneBiasEffectiveStart, 0x3c8);
NT_OFFSET(KUSER_SHARED_DATA, TimeZoneBiasEffectiveEnd, 0x3d0); NT_OFFSET(KUSER_SHARED_DATA, XState, 0x3d8);
NT_OFFSET(KUSER_SHARED_DATA, FeatureConfigurationChangeStamp, 0x720); NT_OFFSET(KUSER_SHARED_DATA, Spare, 0x72c);
NT_OFFSET(KUSER_SHARED_DATA, UserPointerAuthMask, 0x730);

inline constexpr ULONG_PTR KI_USER_SHARED_DATA = 0xFFFFF78000000000;

// Indices of ProcessorFeatures.
inline constexpr ULONG
    PF_FLOATING_POINT_PRECISION_ERRATA = 0, PF_FLOATING_POINT_EMULATED = 1, PF_COMPARE_EXCHANGE_DOUBLE = 2,
    PF_MMX_INSTRUCTIONS_AVAILABLE = 3, PF_PPC_MOVEMEM_64BIT_OK = 4, PF_ALPHA_BYTE_INSTRUCTIONS = 5,
    PF_XMMI_INSTRUCTIONS_AVAILABLE = 6, PF_3DNOW_INSTRUCTIONS_AVAILABLE = 7, PF_RDTSC_INSTRUCTION_AVAILABLE = 8,
    PF_PAE_ENABLED = 9, PF_XMMI64_INSTRUCTIONS_AVAILABLE = 0xa, PF_SSE_DAZ_MODE_AVAILABLE = 0xb, PF_NX_ENABLED = 0xc,
    PF_SSE3_INSTRUCTIONS_AVAILABLE = 0xd, PF_COMPARE_EXCHANGE128 = 0xe, PF_COMPARE64_EXCHANGE128 = 0xf,
    PF_CHANNELS_ENABLED = 0x10, PF_XSAVE_ENABLED = 0x11;
inline constexpr ULONG PROCESSOR_FEATURE_MAX = 0x40;

} // namespace ringside::nt
