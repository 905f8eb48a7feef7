#include "../include/list.h"

#include <stdlib.h>

struct list *list_push(struct list *head, int value)
{
    struct list *node = malloc(sizeof *node);
    if (!node)
        return head;
    node->value = value;
    node->next = head;
    return node;
}

int list_sum(const struct list *head)
{
    int sum = 0;
    for (; head; head = head->next)
        sum += head->value > 0 ? head->value : 0;
    return sum;
}
