# SPDX-License-Identifier: MIT
# __chkstk: rax = size of a frame above one page. Touches each page from the stack pointer down, so that a stack that is
# too small ends at its guard page. Keeps every register but r10 and r11, so no gate stands before it.
    .intel_syntax noprefix
    .text
    .globl ringside_chkstk
    .type ringside_chkstk, @function
ringside_chkstk:
    .cfi_startproc
    lea r10, [rsp+8]
    mov r11, r10
    sub r11, rax                      # where the frame will end
    jnc 1f
    xor r11d, r11d
1:  sub r10, 4096
    cmp r10, r11
    jb 2f
    test dword ptr [r10], eax
    jmp 1b
2:  ret
    .cfi_endproc
    .size ringside_chkstk, .-ringside_chkstk
    .section .note.GNU-stack,"",@progbits
