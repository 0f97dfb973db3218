/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack takes items and gives them back; each hand-over is a move.
 *
 * Finds: nothing
 */
#include "program.h"

struct stack {
  char *items[4];
  size_t count;
};

static void push(struct stack *stack, char *item) {
  stack->items[stack->count++] = bscope_move_at(item, "stored");
}

static char *pop(struct stack *stack) {
  char *item = stack->items[--stack->count];
  return bscope_move_at(item, "item");
}

int main(void) {
  struct stack stack = {{NULL}, 0};
  for (int i = 0; i < 4; i++) {
    char *item = bscope_new_at("item", malloc(8), 8);
    push(&stack, item);
  }
  while (stack.count > 0) {
    char *item = pop(&stack);
    const char *r = bscope_borrow_at("r", item);
    (void)r;
    bscope_borrow_end("r");
    bscope_drop_at(item);
    free(item);
  }
  return 0;
}
