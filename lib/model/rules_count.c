/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference counts (4.3): which references share a count, and cycles of them that nobody can free. A reference is held
 * by another one if it is called as a part of that: `a.next`, `a->next`.
 */
#include "model/rules_state.h"

#include "model/memory.h"

#include <stdlib.h>
#include <string.h>

/* The group that holds a variable of that name, or 0. */
static uint32_t held_in(const struct bscope_rules *r, const struct rules_variable *v) {
  struct bscope_resolver *resolver = r->resolver;
  const char *dot = v->name == NULL ? NULL : strchr(v->name, '.'),
             *arrow = v->name == NULL ? NULL : strstr(v->name, "->");
  const char *end = dot == NULL || (arrow != NULL && arrow < dot) ? arrow : dot;
  if (end == NULL || end == v->name)
    return 0;
  uint32_t root = bscope_names_find(resolver->facts->names, v->name, (size_t)(end - v->name));
  struct bscope_stack_hint hint = {0};
  uint32_t stack = root == BSCOPE_NAME_NONE ? 0 : bscope_stacks_find(&resolver->stacks, v->thread, root, &hint);
  uint32_t slot = bscope_stacks_newest(&resolver->stacks, stack, BSCOPE_WANT_BOTH);
  uint32_t at = slot == BSCOPE_SLOT_NONE ? 0 : rules_find(r, bscope_resolver_variable(resolver, slot)->number);
  return at == 0 ? 0 : rules_variable(r, at)->group;
}

void rules_join(struct bscope_rules *r, const struct rules_step *step, uint32_t variable,
                const struct rules_variable *from) {
  struct rules_variable *v = rules_variable(r, variable);
  switch (step->event->kind) {
  case BSCOPE_KIND_RC_NEW:
  case BSCOPE_KIND_ARC_NEW:
    v->group = ++r->groups;
    break;
  case BSCOPE_KIND_RC_CLONE:
  case BSCOPE_KIND_ARC_CLONE:
    v->group = from == NULL ? 0 : from->group;
    v->group = v->group == 0 ? ++r->groups : v->group;
    break;
  case BSCOPE_KIND_MOVE:
    v->group = from == NULL ? 0 : from->group;
    break;
  default:
    break;
  }
  v->held_in = v->group == 0 ? 0 : held_in(r, v);
}

/* The groups of live references as a graph: from who holds to who is held. */
struct groups {
  uint32_t *members; /* live variables that have a group, in the order of creation */
  size_t member_count;
  struct bscope_table nodes; /* group -> node + 1 */
  uint32_t node_count;
  uint32_t *first;   /* by node: where its edges begin; one more */
  uint32_t *targets; /* nodes */
  uint32_t *set;     /* by node: the strongly connected set that it is in */
  uint32_t set_count;
  struct set {
    uint32_t oldest; /* members; 0: none seen yet */
    uint32_t newest;
    bool leaks; /* each member is held inside */
  } * sets;
};

static uint32_t node_of(const struct groups *g, uint32_t group) {
  return group == 0 ? UINT32_MAX : bscope_table_get(&g->nodes, group, 0) - 1;
}

static bool collect(const struct bscope_rules *r, struct groups *g) {
  size_t count = 0;
  for (uint32_t at = r->oldest; at != 0; at = rules_variable(r, at)->newer)
    count += rules_variable(r, at)->group != 0;
  g->members = bscope_model_zeroed(count + 1, sizeof(*g->members));
  for (uint32_t at = r->oldest; at != 0 && g->members != NULL; at = rules_variable(r, at)->newer) {
    if (rules_variable(r, at)->group == 0)
      continue;
    g->members[g->member_count++] = at;
    uint32_t *node = bscope_table_at(&g->nodes, rules_variable(r, at)->group, 0);
    if (node == NULL)
      return false;
    if (*node == 0)
      *node = ++g->node_count;
  }
  return g->members != NULL;
}

static bool connect(const struct bscope_rules *r, struct groups *g) {
  g->first = bscope_model_zeroed(g->node_count + 2, sizeof(*g->first));
  g->targets = bscope_model_zeroed(g->member_count + 1, sizeof(*g->targets));
  g->set = bscope_model_zeroed(g->node_count + 1, sizeof(*g->set));
  g->sets = bscope_model_zeroed(g->node_count + 1, sizeof(*g->sets));
  if (g->first == NULL || g->targets == NULL || g->set == NULL || g->sets == NULL)
    return false;
  for (int pass = 0; pass < 2; pass++) {
    for (size_t i = 0; i < g->member_count; i++) {
      const struct rules_variable *v = rules_variable(r, g->members[i]);
      uint32_t from = node_of(g, v->held_in);
      if (from == UINT32_MAX)
        continue;
      if (pass == 0)
        g->first[from + 2]++;
      else
        g->targets[g->first[from + 1]++] = node_of(g, v->group);
    }
    for (uint32_t n = 2; pass == 0 && n < g->node_count + 2; n++)
      g->first[n] += g->first[n - 1];
  }
  return true;
}

/* Tarjan's strongly connected components, with a stack of its own ("Depth-first search and linear graph algorithms",
 * 1972). */
struct search {
  uint32_t *number; /* by node, from 1; 0: not seen */
  uint32_t *low;
  uint32_t *edge;  /* by node: its next edge */
  uint32_t *path;  /* nodes from the root to where the search is */
  uint32_t *stack; /* nodes that have no set yet */
  uint32_t path_count, stack_count, counter;
};

static void enter(const struct groups *g, struct search *s, uint32_t node) {
  s->number[node] = s->low[node] = ++s->counter;
  s->edge[node] = g->first[node];
  s->path[s->path_count++] = node;
  s->stack[s->stack_count++] = node;
}

/* A node whose edges are all followed. */
static void leave(struct groups *g, struct search *s, uint32_t node) {
  s->path_count--;
  if (s->path_count != 0) {
    uint32_t above = s->path[s->path_count - 1];
    if (s->low[node] < s->low[above])
      s->low[above] = s->low[node];
  }
  if (s->low[node] != s->number[node])
    return;
  uint32_t one;
  g->set_count++;
  do {
    one = s->stack[--s->stack_count];
    g->set[one] = g->set_count;
  } while (one != node);
}

static void search_from(struct groups *g, struct search *s, uint32_t root) {
  enter(g, s, root);
  while (s->path_count != 0) {
    uint32_t node = s->path[s->path_count - 1];
    if (s->edge[node] == g->first[node + 1]) {
      leave(g, s, node);
      continue;
    }
    uint32_t target = g->targets[s->edge[node]++];
    if (s->number[target] == 0)
      enter(g, s, target);
    else if (g->set[target] == 0 && s->number[target] < s->low[node])
      s->low[node] = s->number[target];
  }
}

static bool find_sets(struct groups *g) {
  size_t n = (size_t)g->node_count + 1;
  uint32_t *room = bscope_model_zeroed(5 * n, sizeof(*room));
  if (room == NULL)
    return false;
  struct search s = {room, room + n, room + 2 * n, room + 3 * n, room + 4 * n, 0, 0, 0};
  for (uint32_t node = 0; node < g->node_count; node++)
    if (s.number[node] == 0)
      search_from(g, &s, node);
  free(room);
  return true;
}

static void tell(struct bscope_rules *r, const struct set *set, bscope_stamp end) {
  const struct rules_variable *oldest = rules_variable(r, set->oldest), *newest = rules_variable(r, set->newest);
  struct bscope_rules_finding finding =
      rules_finding(r, BSCOPE_RULE_REFERENCE_COUNT, BSCOPE_SAYS_CYCLE, oldest, oldest->gaps);
  rules_place(&finding, newest->stamp, BSCOPE_ROLE_NONE, newest->name);
  rules_place(&finding, oldest->stamp, BSCOPE_ROLE_CREATED, oldest->name);
  rules_place(&finding, end, BSCOPE_ROLE_ENDED, oldest->name);
  rules_report(r, &finding);
}

/* Which sets leak, told in the order of their oldest members. */
static void judge(struct bscope_rules *r, struct groups *g, bscope_stamp end) {
  for (size_t i = 0; i < g->member_count; i++) {
    const struct rules_variable *v = rules_variable(r, g->members[i]);
    struct set *set = &g->sets[g->set[node_of(g, v->group)]];
    uint32_t holder = node_of(g, v->held_in);
    bool inside = holder != UINT32_MAX && &g->sets[g->set[holder]] == set;
    if (set->oldest == 0)
      *set = (struct set){.oldest = g->members[i], .leaks = true};
    set->newest = g->members[i];
    set->leaks = set->leaks && inside;
  }
  for (size_t i = 0; i < g->member_count; i++) {
    struct rules_variable *v = rules_variable(r, g->members[i]);
    const struct set *set = &g->sets[g->set[node_of(g, v->group)]];
    v->cycled = set->leaks;
    if (set->leaks && set->oldest == g->members[i])
      tell(r, set, end);
  }
}

void rules_finish_counts(struct bscope_rules *r, bscope_stamp end) {
  struct groups g = {0};
  if (!r->log.ended || r->log.filtered || r->groups == 0)
    return;
  bscope_table_init(&g.nodes, 0);
  if (collect(r, &g) && connect(r, &g) && find_sets(&g))
    judge(r, &g, end);
  else
    r->status = BSCOPE_ERR_NO_MEMORY;
  bscope_table_fini(&g.nodes);
  free(g.members);
  free(g.first);
  free(g.targets);
  free(g.set);
  free(g.sets);
}
