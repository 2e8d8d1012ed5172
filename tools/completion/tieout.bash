# Made by `tieout --completion bash` from src/cli/commands.c.
_tieout() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' options words='' files='' i
    if [[ $word == : ]]; then word=''; fi
    case $before in
        --store)
            COMPREPLY=($(compgen -f -- "$word"))
            return ;;
        --company)
            COMPREPLY=()
            return ;;
        --as-of)
            COMPREPLY=()
            return ;;
        --currency)
            COMPREPLY=()
            return ;;
        --time-zone)
            COMPREPLY=($(cd /usr/share/zoneinfo 2>/dev/null && compgen -f -- "$word"))
            return ;;
        --set)
            COMPREPLY=($(compgen -W 'framework=us_gaap framework=ifrs revenue_at=shipment revenue_at=delivery revenue_at=payment tax_point=revenue tax_point=payment cost_method=fifo cost_method=average cost_method=lifo cost_method=standard cost_method=specific cost_scope=location cost_scope=company return_cost=original return_cost=current returned_layer=original returned_layer=last shortage=owed shortage=refuse backdated=replay backdated=entry_order supplier_return=original_layer supplier_return=oldest supplier_return=current price_difference=split price_difference=account true_up=bill_date true_up=origin_if_open fx_difference=exchange_account fx_difference=stock revenue_gross=gross revenue_gross=net breakage=expiry breakage=none returns_reserve=off returns_reserve=rate posting=day posting=payout posting=document delivered_after= wait_days= rounding_limit=' -- "$word"))
            return ;;
        --format)
            COMPREPLY=($(compgen -W 'documents' -- "$word"))
            return ;;
        --source)
            COMPREPLY=()
            return ;;
        --show)
            COMPREPLY=()
            return ;;
        --now)
            COMPREPLY=()
            return ;;
        --from)
            COMPREPLY=()
            return ;;
        --to)
            COMPREPLY=()
            return ;;
        --by)
            COMPREPLY=($(compgen -W 'channel sku order line month' -- "$word"))
            return ;;
        --list)
            COMPREPLY=($(compgen -W 'posted excluded waiting failed' -- "$word"))
            return ;;
        --sku)
            COMPREPLY=()
            return ;;
        --document)
            COMPREPLY=()
            return ;;
        --account)
            COMPREPLY=($(compgen -W 'inventory inventory_owed inventory_in_transit goods_out goods_sold_not_shipped gateway_clearing bank bank_clearing payouts_in_transit accounts_receivable supplier_prepayments input_tax disputes_held reserve_held deferred_dropship_cost returned_goods_asset landed_cost_clearing suspense customer_deposits refunds_due sales_tax_payable marketplace_tax_withheld grni accrued_purchases accounts_payable accrued_shipping gift_card_liability store_credit_liability refund_liability unclaimed_property_payable loans opening_equity drawings sales shipping_income commission_income tips restocking_fee_income breakage_income marketplace_reimbursements discounts returns_and_allowances shipping_refunded cogs cost_of_sales_dropship price_difference shrinkage damaged_goods_write_off scrap samples own_use stock_adjustments inventory_write_down revaluation production_costs_absorbed shipping_cost merchant_fees ads dispute_fees chargeback_loss bad_debt rounding realised_fx unrealised_fx expenses' -- "$word"))
            return ;;
        --limit)
            COMPREPLY=()
            return ;;
        --reason)
            COMPREPLY=()
            return ;;
    esac
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        --store | --company | -s | -c) ((i++)) ;;
        -*) ;;
        *)
            command=${COMP_WORDS[i]}
            break ;;
        esac
    done
    options='--store --company --json --help --version'
    case $command in
        '') words='init import status outcomes stock balances journal margin explain policy verify rebuild close reopen companies' ;;
        init)
            options='--store --company --json --help --currency --time-zone --set --now'
            ;;
        import)
            options='--store --company --json --help --format --source --show --progress --now'
            files=yes
            ;;
        status)
            options='--store --company --json --help --now'
            ;;
        outcomes)
            options='--store --company --json --help --now --list --limit'
            ;;
        stock)
            options='--store --company --json --help --as-of --layers --bridge --sku --all'
            ;;
        balances)
            options='--store --company --json --help --as-of --all'
            ;;
        journal)
            options='--store --company --json --help --from --to --sku --document --account'
            ;;
        margin)
            options='--store --company --json --help --from --to --by'
            ;;
        explain)
            options='--store --company --json --help --as-of --limit'
            words='order: document: entry: sku: account:'
            ;;
        policy)
            options='--store --company --json --help --now --from'
            words='set framework=us_gaap framework=ifrs revenue_at=shipment revenue_at=delivery revenue_at=payment tax_point=revenue tax_point=payment cost_method=fifo cost_method=average cost_method=lifo cost_method=standard cost_method=specific cost_scope=location cost_scope=company return_cost=original return_cost=current returned_layer=original returned_layer=last shortage=owed shortage=refuse backdated=replay backdated=entry_order supplier_return=original_layer supplier_return=oldest supplier_return=current price_difference=split price_difference=account true_up=bill_date true_up=origin_if_open fx_difference=exchange_account fx_difference=stock revenue_gross=gross revenue_gross=net breakage=expiry breakage=none returns_reserve=off returns_reserve=rate posting=day posting=payout posting=document delivered_after= wait_days= rounding_limit='
            ;;
        verify)
            options='--store --company --json --help --progress --deep'
            ;;
        rebuild)
            options='--store --company --json --help --progress'
            ;;
        close)
            options='--store --company --json --help --now --reason'
            ;;
        reopen)
            options='--store --company --json --help --now --reason'
            ;;
        companies)
            options='--store --company --json --help'
            ;;
    esac
    if [[ $word == -* ]]; then words=$options; files=''; fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    if [[ -n $files ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
    if [[ ${COMPREPLY[0]-} == *[:=] ]]; then compopt -o nospace; fi
}
complete -o filenames -F _tieout tieout
