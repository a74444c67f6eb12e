// SPDX-License-Identifier: MIT
// PCI configuration space as drivers read it through BUS_INTERFACE_STANDARD or IRP_MN_READ_CONFIG.
#pragma once

#include "nt/basic.h"

namespace ringside::nt {

struct PCI_SLOT_NUMBER {
    union {
        struct {
            ULONG DeviceNumber : 5;
            ULONG FunctionNumber : 3;
            ULONG Reserved : 24;
        } bits;
        ULONG AsULONG;
    } u;
};
NT_SIZE(PCI_SLOT_NUMBER, 0x04); NT_OFFSET(PCI_SLOT_NUMBER, u, 0x00); NT_OFFSET(PCI_SLOT_NUMBER, u.bits, 0x00);
NT_OFFSET(PCI_SLOT_NUMBER, u.AsULONG, 0x00);

struct PCI_COMMON_HEADER {
    USHORT VendorID;
    USHORT DeviceID;
    USHORT Command;
    USHORT Status;
    UCHAR RevisionID;
    UCHAR ProgIf;
    UCHAR SubClass;
    UCHAR BaseClass;
    UCHAR CacheLineSize;
    UCHAR LatencyTimer;
    UCHAR HeaderType;
    UCHAR BIST;
    union {
        struct {
            ULONG BaseAddresses[6];
            ULONG CIS;
            USHORT SubVendorID;
            USHORT SubSystemID;
            ULONG ROMBaseAddress;
            UCHAR CapabilitiesPtr;
            UCHAR Reserved1[3];
            ULONG Reserved2;
            UCHAR InterruptLine;
            UCHAR InterruptPin;
            UCHAR MinimumGrant;
            UCHAR MaximumLatency;
        } type0;
        struct {
            ULONG BaseAddresses[2];
            UCHAR PrimaryBus;
            UCHAR SecondaryBus;
            UCHAR SubordinateBus;
            UCHAR SecondaryLatency;
            UCHAR IOBase;
            UCHAR IOLimit;
            USHORT SecondaryStatus;
            USHORT MemoryBase;
            USHORT MemoryLimit;
            USHORT PrefetchBase;
            USHORT PrefetchLimit;
            ULONG PrefetchBaseUpper32;
            ULONG PrefetchLimitUpper32;
            USHORT IOBaseUpper16;
            USHORT IOLimitUpper16;
            UCHAR CapabilitiesPtr;
            UCHAR Reserved1[3];
            ULONG ROMBaseAddress;
            UCHAR InterruptLine;
            UCHAR InterruptPin;
            USHORT BridgeControl;
        } type1;
        struct {
            ULONG SocketRegistersBaseAddress;
            UCHAR CapabilitiesPtr;
            UCHAR Reserved;
            USHORT SecondaryStatus;
            UCHAR PrimaryBus;
            UCHAR SecondaryBus;
            UCHAR SubordinateBus;
            UCHAR SecondaryLatency;
            struct {
                ULONG Base;
                ULONG Limit;
            } Range[4];
            UCHAR InterruptLine;
            UCHAR InterruptPin;
            USHORT BridgeControl;
        } type2;
    } u;
};
NT_SIZE(PCI_COMMON_HEADER, 0x40); NT_OFFSET(PCI_COMMON_HEADER, VendorID, 0x00);
NT_OFFSET(PCI_COMMON_HEADER, DeviceID, 0x02); NT_OFFSET(PCI_COMMON_HEADER, Command, 0x04);
NT_OFFSET(PCI_COMMON_HEADER, Status, 0x06); NT_OFFSET(PCI_COMMON_HEADER, RevisionID, 0x08);
NT_OFFSET(PCI_COMMON_HEADER, ProgIf, 0x09); NT_OFFSET(PCI_COMMON_HEADER, SubClass, 0x0a);
NT_OFFSET(PCI_COMMON_HEADER, BaseClass, 0x0b); NT_OFFSET(PCI_COMMON_HEADER, CacheLineSize, 0x0c);
NT_OFFSET(PCI_COMMON_HEADER, LatencyTimer, 0x0d); NT_OFFSET(PCI_COMMON_HEADER, HeaderType, 0x0e);
NT_OFFSET(PCI_COMMON_HEADER, BIST, 0x0f); NT_OFFSET(PCI_COMMON_HEADER, u, 0x10);
NT_OFFSET(PCI_COMMON_HEADER, u.type0, 0x10); NT_OFFSET(PCI_COMMON_HEADER, u.type0.BaseAddresses, 0x10);
NT_OFFSET(PCI_COMMON_HEADER, u.type0.CIS, 0x28); NT_OFFSET(PCI_COMMON_HEADER, u.type0.SubVendorID, 0x2c);
NT_OFFSET(PCI_COMMON_HEADER, u.type0.SubSystemID, 0x2e); NT_OFFSET(PCI_COMMON_HEADER, u.type0.ROMBaseAddress, 0x30);
NT_OFFSET(PCI_COMMON_HEADER, u.type0.CapabilitiesPtr, 0x34); NT_OFFSET(PCI_COMMON_HEADER, u.type0.Reserved1, 0x35);
NT_OFFSET(PCI_COMMON_HEADER, u.type0.Reserved2, 0x38); NT_OFFSET(PCI_COMMON_HEADER, u.type0.InterruptLine, 0x3c);
NT_OFFSET(PCI_COMMON_HEADER, u.type0.InterruptPin, 0x3d); NT_OFFSET(PCI_COMMON_HEADER, u.type0.MinimumGrant, 0x3e);
NT_OFFSET(PCI_COMMON_HEADER, u.type0.MaximumLatency, 0x3f); NT_OFFSET(PCI_COMMON_HEADER, u.type1, 0x10);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.BaseAddresses, 0x10); NT_OFFSET(PCI_COMMON_HEADER, u.type1.PrimaryBus, 0x18);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.SecondaryBus, 0x19); NT_OFFSET(PCI_COMMON_HEADER, u.type1.SubordinateBus, 0x1a);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.SecondaryLatency, 0x1b); NT_OFFSET(PCI_COMMON_HEADER, u.type1.IOBase, 0x1c);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.IOLimit, 0x1d); NT_OFFSET(PCI_COMMON_HEADER, u.type1.SecondaryStatus, 0x1e);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.MemoryBase, 0x20); NT_OFFSET(PCI_COMMON_HEADER, u.type1.MemoryLimit, 0x22);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.PrefetchBase, 0x24); NT_OFFSET(PCI_COMMON_HEADER, u.type1.PrefetchLimit, 0x26);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.PrefetchBaseUpper32, 0x28);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.PrefetchLimitUpper32, 0x2c);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.IOBaseUpper16, 0x30); NT_OFFSET(PCI_COMMON_HEADER, u.type1.IOLimitUpper16, 0x32);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.CapabilitiesPtr, 0x34); NT_OFFSET(PCI_COMMON_HEADER, u.type1.Reserved1, 0x35);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.ROMBaseAddress, 0x38); NT_OFFSET(PCI_COMMON_HEADER, u.type1.InterruptLine, 0x3c);
NT_OFFSET(PCI_COMMON_HEADER, u.type1.InterruptPin, 0x3d); NT_OFFSET(PCI_COMMON_HEADER, u.type1.BridgeControl, 0x3e);
NT_OFFSET(PCI_COMMON_HEADER, u.type2, 0x10); NT_OFFSET(PCI_COMMON_HEADER, u.type2.SocketRegistersBaseAddress, 0x10);
NT_OFFSET(PCI_COMMON_HEADER, u.type2.CapabilitiesPtr, 0x14); NT_OFFSET(PCI_COMMON_HEADER, u.type2.Reserved, 0x15);
NT_OFFSET(PCI_COMMON_HEADER, u.type2.SecondaryStatus, 0x16); NT_OFFSET(PCI_COMMON_HEADER, u.type2.PrimaryBus, 0x18);
NT_OFFSET(PCI_COMMON_HEADER, u.type2.SecondaryBus, 0x19); NT_OFFSET(PCI_COMMON_HEADER, u.type2.SubordinateBus, 0x1a);
NT_OFFSET(PCI_COMMON_HEADER, u.type2.SecondaryLatency, 0x1b); NT_OFFSET(PCI_COMMON_HEADER, u.type2.Range, 0x1c);
NT_OFFSET(PCI_COMMON_HEADER, u.type2.InterruptLine, 0x3c); NT_OFFSET(PCI_COMMON_HEADER, u.type2.InterruptPin, 0x3d);
NT_OFFSET(PCI_COMMON_HEADER, u.type2.BridgeControl, 0x3e);

struct PCI_COMMON_CONFIG {
    struct {
        USHORT VendorID;
        USHORT DeviceID;
        USHORT Command;
        USHORT Status;
        UCHAR RevisionID;
        UCHAR ProgIf;
        UCHAR SubClass;
        UCHAR BaseClass;
        UCHAR CacheLineSize;
        UCHAR LatencyTimer;
        UCHAR HeaderType;
        UCHAR BIST;
        union {
            struct {
                ULONG BaseAddresses[6];
                ULONG CIS;
                USHORT SubVendorID;
                USHORT SubSystemID;
                ULONG ROMBaseAddress;
                UCHAR CapabilitiesPtr;
                UCHAR Reserved1[3];
                ULONG Reserved2;
                UCHAR InterruptLine;
                UCHAR InterruptPin;
                UCHAR MinimumGrant;
                UCHAR MaximumLatency;
            } type0;
            struct {
                ULONG BaseAddresses[2];
                UCHAR PrimaryBus;
                UCHAR SecondaryBus;
                UCHAR SubordinateBus;
                UCHAR SecondaryLatency;
                UCHAR IOBase;
                UCHAR IOLimit;
                USHORT SecondaryStatus;
                USHORT MemoryBase;
                USHORT MemoryLimit;
                USHORT PrefetchBase;
                USHORT PrefetchLimit;
                ULONG PrefetchBaseUpper32;
                ULONG PrefetchLimitUpper32;
                USHORT IOBaseUpper16;
                USHORT IOLimitUpper16;
                UCHAR CapabilitiesPtr;
                UCHAR Reserved1[3];
                ULONG ROMBaseAddress;
                UCHAR InterruptLine;
                UCHAR InterruptPin;
                USHORT BridgeControl;
            } type1;
            struct {
                ULONG SocketRegistersBaseAddress;
                UCHAR CapabilitiesPtr;
                UCHAR Reserved;
                USHORT SecondaryStatus;
                UCHAR PrimaryBus;
                UCHAR SecondaryBus;
                UCHAR SubordinateBus;
                UCHAR SecondaryLatency;
                struct {
                    ULONG Base;
                    ULONG Limit;
                } Range[4];
                UCHAR InterruptLine;
                UCHAR InterruptPin;
                USHORT BridgeControl;
            } type2;
        } u;
    };
    UCHAR DeviceSpecific[192];
};
NT_SIZE(PCI_COMMON_CONFIG, 0x100); NT_OFFSET(PCI_COMMON_CONFIG, VendorID, 0x00);
NT_OFFSET(PCI_COMMON_CONFIG, DeviceID, 0x02); NT_OFFSET(PCI_COMMON_CONFIG, Command, 0x04);
NT_OFFSET(PCI_COMMON_CONFIG, Status, 0x06); NT_OFFSET(PCI_COMMON_CONFIG, RevisionID, 0x08);
NT_OFFSET(PCI_COMMON_CONFIG, ProgIf, 0x09); NT_OFFSET(PCI_COMMON_CONFIG, SubClass, 0x0a);
NT_OFFSET(PCI_COMMON_CONFIG, BaseClass, 0x0b); NT_OFFSET(PCI_COMMON_CONFIG, CacheLineSize, 0x0c);
NT_OFFSET(PCI_COMMON_CONFIG, LatencyTimer, 0x0d); NT_OFFSET(PCI_COMMON_CONFIG, HeaderType, 0x0e);
NT_OFFSET(PCI_COMMON_CONFIG, BIST, 0x0f); NT_OFFSET(PCI_COMMON_CONFIG, u, 0x10);
NT_OFFSET(PCI_COMMON_CONFIG, u.type0, 0x10); NT_OFFSET(PCI_COMMON_CONFIG, u.type0.BaseAddresses, 0x10);
NT_OFFSET(PCI_COMMON_CONFIG, u.type0.CIS, 0x28); NT_OFFSET(PCI_COMMON_CONFIG, u.type0.SubVendorID, 0x2c);
NT_OFFSET(PCI_COMMON_CONFIG, u.type0.SubSystemID, 0x2e); NT_OFFSET(PCI_COMMON_CONFIG, u.type0.ROMBaseAddress, 0x30);
NT_OFFSET(PCI_COMMON_CONFIG, u.type0.CapabilitiesPtr, 0x34); NT_OFFSET(PCI_COMMON_CONFIG, u.type0.Reserved1, 0x35);
NT_OFFSET(PCI_COMMON_CONFIG, u.type0.Reserved2, 0x38); NT_OFFSET(PCI_COMMON_CONFIG, u.type0.InterruptLine, 0x3c);
NT_OFFSET(PCI_COMMON_CONFIG, u.type0.InterruptPin, 0x3d); NT_OFFSET(PCI_COMMON_CONFIG, u.type0.MinimumGrant, 0x3e);
NT_OFFSET(PCI_COMMON_CONFIG, u.type0.MaximumLatency, 0x3f); NT_OFFSET(PCI_COMMON_CONFIG, u.type1, 0x10);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.BaseAddresses, 0x10); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.PrimaryBus, 0x18);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.SecondaryBus, 0x19); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.SubordinateBus, 0x1a);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.SecondaryLatency, 0x1b); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.IOBase, 0x1c);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.IOLimit, 0x1d); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.SecondaryStatus, 0x1e);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.MemoryBase, 0x20); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.MemoryLimit, 0x22);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.PrefetchBase, 0x24); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.PrefetchLimit, 0x26);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.PrefetchBaseUpper32, 0x28);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.PrefetchLimitUpper32, 0x2c);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.IOBaseUpper16, 0x30); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.IOLimitUpper16, 0x32);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.CapabilitiesPtr, 0x34); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.Reserved1, 0x35);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.ROMBaseAddress, 0x38); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.InterruptLine, 0x3c);
NT_OFFSET(PCI_COMMON_CONFIG, u.type1.InterruptPin, 0x3d); NT_OFFSET(PCI_COMMON_CONFIG, u.type1.BridgeControl, 0x3e);
NT_OFFSET(PCI_COMMON_CONFIG, u.type2, 0x10); NT_OFFSET(PCI_COMMON_CONFIG, u.type2.SocketRegistersBaseAddress, 0x10);
NT_OFFSET(PCI_COMMON_CONFIG, u.type2.CapabilitiesPtr, 0x14); NT_OFFSET(PCI_COMMON_CONFIG, u.type2.Reserved, 0x15);
NT_OFFSET(PCI_COMMON_CONFIG, u.type2.SecondaryStatus, 0x16); NT_OFFSET(PCI_COMMON_CONFIG, u.type2.PrimaryBus, 0x18);
NT_OFFSET(PCI_COMMON_CONFIG, u.type2.SecondaryBus, 0x19); NT_OFFSET(PCI_COMMON_CONFIG, u.type2.SubordinateBus, 0x1a);
NT_OFFSET(PCI_COMMON_CONFIG, u.type2.SecondaryLatency, 0x1b); NT_OFFSET(PCI_COMMON_CONFIG, u.type2.Range, 0x1c);
NT_OFFSET(PCI_COMMON_CONFIG, u.type2.InterruptLine, 0x3c); NT_OFFSET(PCI_COMMON_CONFIG, u.type2.InterruptPin, 0x3d);
NT_OFFSET(PCI_COMMON_CONFIG, u.type2.BridgeControl, 0x3e); NT_OFFSET(PCI_COMMON_CONFIG, DeviceSpecific, 0x40);

struct PCI_CAPABILITIES_HEADER {
    UCHAR CapabilityID;
    UCHAR Next;
};
NT_SIZE(PCI_CAPABILITIES_HEADER, 0x02); NT_OFFSET(PCI_CAPABILITIES_HEADER, CapabilityID, 0x00);
NT_OFFSET(PCI_CAPABILITIES_HEADER, Next, 0x01);

struct PCI_PMC {
    UCHAR Version : 3;
    UCHAR PMEClock : 1;
    UCHAR Rsvd1 : 1;
    UCHAR DeviceSpecificInitialization : 1;
    UCHAR Rsvd2 : 2;
    struct {
        UCHAR Rsvd2 : 1;
        UCHAR D1 : 1;
        UCHAR D2 : 1;
        UCHAR PMED0 : 1;
        UCHAR PMED1 : 1;
        UCHAR PMED2 : 1;
        UCHAR PMED3Hot : 1;
        UCHAR PMED3Cold : 1;
    } Support;
};
NT_SIZE(PCI_PMC, 0x02); NT_OFFSET(PCI_PMC, Support, 0x01);

struct PCI_PMCSR {
    USHORT PowerState : 2;
    USHORT Rsvd1 : 6;
    USHORT PMEEnable : 1;
    USHORT DataSelect : 4;
    USHORT DataScale : 2;
    USHORT PMEStatus : 1;
};
NT_SIZE(PCI_PMCSR, 0x02);

struct PCI_PMCSR_BSE {
    UCHAR Rsvd1 : 6;
    UCHAR D3HotSupportsStopClock : 1;
    UCHAR BusPowerClockControlEnabled : 1;
};
NT_SIZE(PCI_PMCSR_BSE, 0x01);

struct PCI_PM_CAPABILITY {
    PCI_CAPABILITIES_HEADER Header;
    union {
        PCI_PMC Capabilities;
        USHORT AsUSHORT;
    } PMC;
    union {
        PCI_PMCSR ControlStatus;
        USHORT AsUSHORT;
    } PMCSR;
    union {
        PCI_PMCSR_BSE BridgeSupport;
        UCHAR AsUCHAR;
    } PMCSR_BSE;
    UCHAR Data;
};
NT_SIZE(PCI_PM_CAPABILITY, 0x08); NT_OFFSET(PCI_PM_CAPABILITY, Header, 0x00); NT_OFFSET(PCI_PM_CAPABILITY, PMC, 0x02);
NT_OFFSET(PCI_PM_CAPABILITY, PMC.Capabilities, 0x02); NT_OFFSET(PCI_PM_CAPABILITY, PMC.AsUSHORT, 0x02);
NT_OFFSET(PCI_PM_CAPABILITY, PMCSR, 0x04); NT_OFFSET(PCI_PM_CAPABILITY, PMCSR.ControlStatus, 0x04);
NT_OFFSET(PCI_PM_CAPABILITY, PMCSR.AsUSHORT, 0x04); NT_OFFSET(PCI_PM_CAPABILITY, PMCSR_BSE, 0x06);
NT_OFFSET(PCI_PM_CAPABILITY, PMCSR_BSE.BridgeSupport, 0x06); NT_OFFSET(PCI_PM_CAPABILITY, PMCSR_BSE.AsUCHAR, 0x06);
NT_OFFSET(PCI_PM_CAPABILITY, Data, 0x07);

inline constexpr ULONG
    PCI_CLASS_PRE_20 = 0, PCI_DEVICE_TYPE = 0, PCI_ADDRESS_IO_SPACE = 1, PCI_BRIDGE_TYPE = 1,
    PCI_CAPABILITY_ID_POWER_MANAGEMENT = 1, PCI_CLASS_MASS_STORAGE_CTLR = 1, PCI_ENABLE_IO_SPACE = 1,
    PCI_CAPABILITY_ID_AGP = 2, PCI_CARDBUS_BRIDGE_TYPE = 2, PCI_CLASS_NETWORK_CTLR = 2, PCI_ENABLE_MEMORY_SPACE = 2,
    PCI_TYPE1_ADDRESSES = 2, PCI_CAPABILITY_ID_VPD = 3, PCI_CLASS_DISPLAY_CTLR = 3, PCI_CAPABILITY_ID_SLOT_ID = 4,
    PCI_CLASS_MULTIMEDIA_DEV = 4, PCI_ENABLE_BUS_MASTER = 4, PCI_CAPABILITY_ID_MSI = 5, PCI_CLASS_MEMORY_CTLR = 5,
    PCI_TYPE2_ADDRESSES = 5, PCI_ADDRESS_MEMORY_TYPE_MASK = 6, PCI_CAPABILITY_ID_CPCI_HOTSWAP = 6,
    PCI_CLASS_BRIDGE_DEV = 6, PCI_TYPE0_ADDRESSES = 6, PCI_CAPABILITY_ID_PCIX = 7, PCI_CLASS_SIMPLE_COMMS_CTLR = 7,
    PCI_ADDRESS_MEMORY_PREFETCHABLE = 8, PCI_CAPABILITY_ID_HYPERTRANSPORT = 8, PCI_CLASS_BASE_SYSTEM_DEV = 8,
    PCI_ENABLE_SPECIAL_CYCLES = 8, PCI_MAX_FUNCTION = 8, PCI_STATUS_INTERRUPT_PENDING = 8,
    PCI_CAPABILITY_ID_VENDOR_SPECIFIC = 9, PCI_CLASS_INPUT_DEV = 9, PCI_CAPABILITY_ID_DEBUG_PORT = 0xa,
    PCI_CLASS_DOCKING_STATION = 0xa, PCI_CAPABILITY_ID_CPCI_RES_CTRL = 0xb, PCI_CLASS_PROCESSOR = 0xb,
    PCI_CAPABILITY_ID_SHPC = 0xc, PCI_CLASS_SERIAL_BUS_CTLR = 0xc, PCI_CAPABILITY_ID_P2P_SSID = 0xd,
    PCI_CLASS_WIRELESS_CTLR = 0xd, PCI_CAPABILITY_ID_AGP_TARGET = 0xe, PCI_CLASS_INTELLIGENT_IO_CTLR = 0xe,
    PCI_CAPABILITY_ID_SECURE = 0xf, PCI_CLASS_SATELLITE_COMMS_CTLR = 0xf, PCI_CAPABILITY_ID_PCI_EXPRESS = 0x10,
    PCI_CLASS_ENCRYPTION_DECRYPTION = 0x10, PCI_ENABLE_WRITE_AND_INVALIDATE = 0x10,
    PCI_STATUS_CAPABILITIES_LIST = 0x10, PCI_CAPABILITY_ID_MSIX = 0x11, PCI_CLASS_DATA_ACQ_SIGNAL_PROC = 0x11,
    PCI_ENABLE_VGA_COMPATIBLE_PALETTE = 0x20, PCI_MAX_DEVICES = 0x20, PCI_STATUS_66MHZ_CAPABLE = 0x20,
    PCI_COMMON_HDR_LENGTH = 0x40, PCI_ENABLE_PARITY = 0x40, PCI_STATUS_UDF_SUPPORTED = 0x40,
    PCI_ENABLE_WAIT_CYCLE = 0x80, PCI_MULTIFUNCTION = 0x80, PCI_STATUS_FAST_BACK_TO_BACK = 0x80,
    PCI_CLASS_NOT_DEFINED = 0xff, PCI_MAX_BRIDGE_NUMBER = 0xff, PCI_ENABLE_SERR = 0x100,
    PCI_STATUS_DATA_PARITY_DETECTED = 0x100, PCI_ENABLE_FAST_BACK_TO_BACK = 0x200, PCI_STATUS_DEVSEL = 0x600,
    PCI_STATUS_SIGNALED_TARGET_ABORT = 0x800, PCI_EXTENDED_CONFIG_LENGTH = 0x1000,
    PCI_STATUS_RECEIVED_TARGET_ABORT = 0x1000, PCI_STATUS_RECEIVED_MASTER_ABORT = 0x2000,
    PCI_STATUS_SIGNALED_SYSTEM_ERROR = 0x4000, PCI_STATUS_DETECTED_PARITY_ERROR = 0x8000,
    PCI_INVALID_VENDORID = 0xffff, PCI_ADDRESS_ROM_ADDRESS_MASK = 0xfffff800,
    PCI_ADDRESS_MEMORY_ADDRESS_MASK = 0xfffffff0, PCI_ADDRESS_IO_ADDRESS_MASK = 0xfffffffc;

} // namespace ringside::nt
